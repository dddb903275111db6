//! [`EventQueue`]: the SQS queue to which S3 sends an event for each change in a bucket. A hint, and nothing more: what it says
//! decides nothing, and what it does not say is found by looking.
//!
//! A queue belongs to one machine and one target. What is read is deleted, whatever it is about.

#[cfg(test)]
mod tests;
mod wake;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{Builder, StalledStreamProtectionConfig};
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use s4_commands::{Bandwidth, check_queue};

pub use self::wake::Wake;
use super::s3::{self, Connection, Doing, Refusal};
use super::{Error, S3Uri};

/// How long the server waits for a message before it answers that there is none: the longest that SQS allows.
const WAIT: Duration = Duration::from_secs(20);
/// How many messages one answer may hold: the most that SQS allows, and that it deletes at once.
const MESSAGES: i32 = 10;
/// How often a request is sent at most. A connection that was idle for too long is not worth a word; for all else, whoever waits
/// for events knows better when to try again.
const ATTEMPTS: u32 = 2;

/// The queue of one target's events.
#[derive(Debug)]
pub struct EventQueue {
    client: Client,
    /// Its address, which is its name as well.
    url: String,
    /// The server, for messages.
    server: String,
    /// Whose events count.
    uri: S3Uri,
    /// Why the last messages could not be deleted.
    undeleted: Mutex<Option<Error>>,
}

impl EventQueue {
    /// Makes ready to read the queue at `url` for the target at `uri`, with the keys that `connection` has for the bucket. The first
    /// request comes with the first use.
    ///
    /// # Errors
    ///
    /// [`Error::Other`] for an address that is none, [`Error::NoCredentials`] for an access key id without its secret or the reverse.
    pub async fn connect(connection: &Connection, url: &str, uri: &S3Uri) -> Result<EventQueue, Error> {
        check_queue(url).map_err(|problem| Error::Other(format!("the address of the event queue {problem}")))?;
        let server = server_of(url);
        let shared = s3::shared(&towards(connection, server), &Arc::default()).await?;
        let times = TimeoutConfig::builder().connect_timeout(s3::CONNECT_TIMEOUT).read_timeout(s3::READ_TIMEOUT);
        let config = Builder::from(&shared)
            .endpoint_url(server)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(times.build())
            // The HTTP client has time-outs of its own.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        let (client, undeleted) = (Client::from_conf(config), Mutex::default());
        Ok(EventQueue { client, url: url.into(), server: server.into(), uri: uri.clone(), undeleted })
    }

    /// Waits for up to 20 seconds for events, deletes their messages, and tells what they say; nothing, where none came. May be
    /// dropped at any time: a message that was not deleted comes again.
    ///
    /// # Errors
    ///
    /// Why the queue cannot be read; or why the messages that were told of before could not be deleted. There is no pause before it
    /// is asked again: that is for whoever asks.
    pub async fn next(&self) -> Result<Wake, Error> {
        if let Some(error) = self.undeleted().take() {
            return Err(error);
        }
        let messages = self.receive().await?;
        let mut wake = Wake::default();
        for message in &messages {
            wake.hear(message.body().unwrap_or_default(), &self.uri);
        }
        // What is known is told first: it may be gone from the queue all the same.
        if let Err(error) = self.delete(&messages).await {
            *self.undeleted() = Some(error);
        }
        Ok(wake)
    }

    fn undeleted(&self) -> std::sync::MutexGuard<'_, Option<Error>> {
        self.undeleted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn receive(&self) -> Result<Vec<Message>, Error> {
        let request = self.client.receive_message().queue_url(&self.url).max_number_of_messages(MESSAGES);
        let answer = request.wait_time_seconds(WAIT.as_secs() as i32).send().await;
        let answer = answer.map_err(|error| self.failed("read the queue", &error))?;
        Ok(answer.messages.unwrap_or_default())
    }

    async fn delete(&self, messages: &[Message]) -> Result<(), Error> {
        const VERB: &str = "delete messages of the queue";
        let handles = messages.iter().filter_map(Message::receipt_handle).enumerate();
        let entry = |(id, handle): (usize, &str)| {
            DeleteMessageBatchRequestEntry::builder().id(id.to_string()).receipt_handle(handle).build().ok()
        };
        let entries: Vec<_> = handles.filter_map(entry).collect();
        if entries.is_empty() {
            return Ok(());
        }
        let request = self.client.delete_message_batch().queue_url(&self.url).set_entries(Some(entries));
        let answer = request.send().await.map_err(|error| self.failed(VERB, &error))?;
        let Some(kept) = answer.failed().first() else { return Ok(()) };
        // As the whole request would have been refused.
        let status = if kept.sender_fault() { 400 } else { 500 };
        Err(self.refused(VERB, status, kept.code(), kept.message().unwrap_or_default()))
    }

    /// The error of a request to `verb` the queue.
    fn failed<E>(&self, verb: &str, error: &SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let SdkError::ServiceError(service) = error else {
            return s3::broken(error, self.doing(verb));
        };
        let (status, meta) = (service.raw().status().as_u16(), service.err().meta());
        self.refused(verb, status, meta.code().unwrap_or_default(), meta.message().unwrap_or_default())
    }

    /// Judges a refusal: SQS has names of its own for much of what S3 refuses as well.
    fn refused(&self, verb: &str, status: u16, code: &str, message: &str) -> Error {
        let late = ["Signature expired", "Signature not yet current"].iter().any(|words| message.starts_with(words));
        let same = match code {
            "AWS.SimpleQueueService.NonExistentQueue" | "QueueDoesNotExist" => {
                return Error::Other(format!("the queue '{}' does not exist", self.url));
            }
            "InvalidSignatureException" | "SignatureDoesNotMatch" if late => "RequestTimeTooSkewed",
            "InvalidSignatureException" => "SignatureDoesNotMatch",
            "InvalidClientTokenId" | "UnrecognizedClientException" => "InvalidAccessKeyId",
            "AccessDeniedException" | "KMS.AccessDeniedException" | "KmsAccessDenied" => "AccessDenied",
            "RequestThrottled" | "KMS.ThrottlingException" | "KmsThrottled" => "RequestLimitExceeded",
            "" if status == 404 => return Error::Other(format!("there is no queue at '{}'", self.url)),
            code => code,
        };
        s3::refused(Refusal { status, code: same, message, ..Refusal::default() }, self.doing(verb))
    }

    fn doing<'a>(&'a self, verb: &'a str) -> Doing<'a> {
        Doing { server: &self.server, bucket: "", verb, name: &self.url }
    }
}

/// How to reach a queue's server: with the bucket's keys, as long as it may stand still there, on top of the wait that was asked for.
fn towards(bucket: &Connection, server: &str) -> Connection {
    Connection {
        endpoint_url: Some(server.into()),
        region: region_of(server).map(str::to_owned).or_else(|| bucket.region.clone()),
        patience: Some(bucket.patience.unwrap_or(s3::READ_TIMEOUT) + WAIT),
        bandwidth: Bandwidth::default(),
        ..bucket.clone()
    }
}

/// The part of a queue's address that is the server's.
fn server_of(url: &str) -> &str {
    let host = url.find("://").map_or(0, |scheme| scheme + 3);
    url[host..].find('/').map_or(url, |path| &url[..host + path])
}

/// The region that a server of AWS says to be in: `sqs.eu-west-1.amazonaws.com`, also with something in front of `sqs`; or
/// `eu-west-1.queue.amazonaws.com`, as older tools have it.
fn region_of(server: &str) -> Option<&str> {
    const AWS: [&str; 3] = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"];
    let (_, host) = server.split_once("://")?;
    let labels = AWS.iter().find_map(|end| host.strip_suffix(end))?;
    if let Some(region) = labels.strip_suffix(".queue") {
        return Some(region);
    }
    let mut labels = labels.split('.').skip_while(|label| !matches!(*label, "sqs" | "sqs-fips"));
    labels.nth(1)
}
