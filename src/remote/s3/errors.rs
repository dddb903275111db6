//! From what the SDK and the server say of a failure to [`Error`]: what can be done about it, in plain words.
//!
//! Nothing of a request ever gets into a message, so neither does a key or a signature.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::super::{Error, permissions};
use crate::ambient::{Ambient as _, Clock};
use crate::ui::text::duration;

/// What a server answered instead of doing what it was asked.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::remote) struct Refusal<'a> {
    /// The HTTP status; 200 for an error inside a good answer.
    pub status: u16,
    /// S3's code, `""` where there is none.
    pub code: &'a str,
    /// The server's own words, `""` where there are none.
    pub message: &'a str,
    /// The region that the bucket is said to be in.
    pub region: Option<&'a str>,
    /// How far this machine's clock is ahead of the server's, in seconds, where the server tells its time.
    pub ahead: Option<i64>,
}

/// Where and what a request was, for messages.
#[derive(Clone, Copy, Debug)]
pub(in crate::remote) struct Doing<'a> {
    /// The server.
    pub server: &'a str,
    /// The bucket; `""` where none is asked.
    pub bucket: &'a str,
    /// The request in words: "write", "list".
    pub verb: &'a str,
    /// The whole name of the object, or of the prefix.
    pub name: &'a str,
}

/// The one mapping from the SDK's errors to ours.
pub(super) fn error_of<E>(error: &SdkError<E, HttpResponse>, doing: Doing<'_>) -> Error
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    let SdkError::ServiceError(service) = error else {
        return broken(error, doing);
    };
    let raw = service.raw();
    let body = raw.body().bytes().map(String::from_utf8_lossy).unwrap_or_default();
    let meta = service.err().meta();
    let message = meta.message().unwrap_or_default();
    let region =
        raw.headers().get("x-amz-bucket-region").or_else(|| between(&body, "<Region>", "</Region>")).or_else(|| {
            // AWS names it in the words of AuthorizationHeaderMalformed too.
            between(message, "expecting '", "'")
        });
    let code = meta.code().unwrap_or_default();
    let ahead = raw.headers().get("date").and_then(|date| ahead_of(date, Clock::System.now()));
    refused(Refusal { status: raw.status().as_u16(), code, message, region, ahead }, doing)
}

/// Judges a refusal by its code, and where there is none (HEAD has no body) by its status.
pub(in crate::remote) fn refused(refusal: Refusal<'_>, doing: Doing<'_>) -> Error {
    let Refusal { status, code, region, .. } = refusal;
    let said = || describe(refusal, doing);
    let denied = || match permissions::of_verb(doing.verb) {
        Some(permission) => format!("{}; it takes {permission}", said()),
        None => said(),
    };
    match code {
        "NoSuchKey" | "NoSuchVersion" => Error::NotFound,
        "NoSuchBucket" => Error::NoSuchBucket { bucket: doing.bucket.into() },
        "PreconditionFailed" | "InvalidRange" => Error::Precondition,
        // The parts are gone as well, so the upload begins anew: what a conflict asks for.
        "ConditionalRequestConflict" | "OperationAborted" | "NoSuchUpload" => Error::Conflict,
        "AccessDenied" | "AllAccessDisabled" | "AccountProblem" => Error::Denied(denied()),
        "InvalidAccessKeyId" | "NotSignedUp" => Error::Credentials("the server does not know the access key id".into()),
        "SignatureDoesNotMatch" => Error::Credentials("the secret access key does not fit the access key id".into()),
        "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" => {
            Error::Credentials("the session has expired".into())
        }
        "InvalidToken" => Error::Credentials("the session token is not valid".into()),
        "RequestTimeTooSkewed" | "RequestExpired" => {
            Error::Clock(refusal.ahead.and_then(skew).map_or_else(said, |skew| format!("{skew}; {}", said())))
        }
        "NotImplemented" => Error::NotImplemented(said()),
        "BadDigest"
        | "InvalidDigest"
        | "IncompleteBody"
        | "XAmzContentSHA256Mismatch"
        | "XAmzContentChecksumMismatch" => Error::Damaged(said()),
        "SlowDown"
        | "InternalError"
        | "ServiceUnavailable"
        | "RequestTimeout"
        | "Throttling"
        | "ThrottlingException"
        | "RequestLimitExceeded"
        | "TooManyRequests" => Error::Server(said()),
        "" | "PermanentRedirect" | "TemporaryRedirect" | "Redirect" | "AuthorizationHeaderMalformed"
            if matches!(status, 301 | 307 | 400) && region.is_some() =>
        {
            Error::WrongRegion(region.unwrap_or_default().into())
        }
        _ => match status {
            401 | 403 => Error::Denied(denied()),
            404 => Error::NotFound,
            409 => Error::Conflict,
            412 | 416 => Error::Precondition,
            501 => Error::NotImplemented(said()),
            200..=299 if code.is_empty() => Error::Damaged(format!("{}: the answer makes no sense", said())),
            429 | 500.. => Error::Server(said()),
            _ => Error::Other(said()),
        },
    }
}

/// How far a clock that shows `now` is ahead of the one behind a Date header, in seconds.
fn ahead_of(date: &str, now: i64) -> Option<i64> {
    let there = DateTime::from_str(date, DateTimeFormat::HttpDate).ok()?.secs();
    now.checked_sub(there)
}

/// "it is 2 h 5 min ahead of the server's"; `None` where that would not be the reason.
fn skew(ahead: i64) -> Option<String> {
    let way = if ahead > 0 { "ahead of" } else { "behind" };
    let span = duration(Duration::from_secs(ahead.unsigned_abs()));
    (ahead.unsigned_abs() >= 60).then(|| format!("it is {span} {way} the server's"))
}

/// "cannot write 'a/b' in bucket 'x': Access Denied (403 AccessDenied)".
fn describe(refusal: Refusal<'_>, doing: Doing<'_>) -> String {
    let Refusal { status, code, message, .. } = refusal;
    let code = if code.is_empty() { String::new() } else { format!(" {code}") };
    let message = message.trim_end_matches('.');
    let Doing { verb, name, bucket, .. } = doing;
    let place = if bucket.is_empty() { String::new() } else { format!(" in bucket '{bucket}'") };
    let said = if message.is_empty() { String::new() } else { format!(": {message}") };
    format!("cannot {verb} '{name}'{place}{said} ({status}{code})")
}

/// A failure without a proper answer: no credentials, no connection, no reply, or one that makes no sense.
pub(in crate::remote) fn broken<E>(error: &SdkError<E, HttpResponse>, doing: Doing<'_>) -> Error
where
    E: StdError + 'static,
{
    if let Some(credentials) = find::<CredentialsError>(error) {
        let cause = without_keys(&deepest(credentials).to_string());
        // Of each place where there are none the SDK tells that there are none.
        let cause = if cause.contains("found in chain") { String::new() } else { format!(" ({cause})") };
        return Error::NoCredentials(format!(
            "neither the environment, nor an AWS profile, nor this machine's role gives any{cause}"
        ));
    }
    let io = find::<io::Error>(error);
    match error {
        SdkError::ResponseError(_) if io.is_none() => {
            let cause = without_keys(&deepest(error).to_string());
            Error::Damaged(format!("the answer of {} makes no sense: {cause}", doing.server))
        }
        SdkError::ConstructionFailure(_) => {
            let cause = without_keys(&deepest(error).to_string());
            Error::Other(format!("cannot {} '{}': {cause}", doing.verb, doing.name))
        }
        SdkError::TimeoutError(_) => Error::Network(format!("{}: no answer in time", doing.server)),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            Error::Network(format!("{}: no answer in time", doing.server))
        }
        _ => {
            let cause = plain_cause(error);
            let might_be_tls = doing.server.starts_with("http://") && cause.starts_with("connection closed before");
            let cause = if might_be_tls { NO_ANSWER } else { &cause };
            Error::Network(format!("{}: {cause}", doing.server))
        }
    }
}

/// What a server does that expects TLS, and hears something else.
const NO_ANSWER: &str = "the connection was closed without an answer: is it https:// and not http://?";

/// Why a connection failed, in the words that people know.
pub(super) fn plain_cause(error: &(dyn StdError + 'static)) -> String {
    let kind = find::<io::Error>(error).map(io::Error::kind);
    let known = match kind {
        Some(io::ErrorKind::ConnectionRefused) => "connection refused",
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => "the connection broke",
        Some(io::ErrorKind::ConnectionAborted | io::ErrorKind::UnexpectedEof) => "the connection broke",
        Some(io::ErrorKind::TimedOut) => "no answer in time",
        Some(io::ErrorKind::HostUnreachable) => "host unreachable",
        Some(io::ErrorKind::NetworkUnreachable) => "network unreachable",
        _ => "",
    };
    let cause = deepest(error).to_string();
    if !known.is_empty() {
        known.into()
    } else if cause.starts_with("failed to lookup address information") {
        "there is no server of that name, or no name service".into()
    } else if cause.contains("InvalidContentType") {
        "what answers there does not speak TLS: is it http:// and not https://?".into()
    } else if cause.contains("UnknownIssuer") {
        "nobody whom this machine trusts has signed the server's certificate".into()
    } else if cause.contains("invalid peer certificate") {
        format!("the server's certificate is not to be trusted: {}", without_keys(&cause))
    } else {
        without_keys(&cause)
    }
}

/// A text of the SDK's without what may be a password: it repeats an address from the environment as it is.
fn without_keys(text: &str) -> String {
    let hidden = |word: &str| if word.contains('@') { "[hidden]".to_owned() } else { word.to_owned() };
    text.split(' ').map(hidden).collect::<Vec<_>>().join(" ")
}

/// The first error of type `T` in the chain.
fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    std::iter::successors(Some(error), |&error| error.source()).find_map(|error| error.downcast_ref::<T>())
}

/// The last error of the chain: the cause itself, without what was wrapped around it.
fn deepest<'a>(error: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    std::iter::successors(Some(error), |&error| error.source()).last().unwrap_or(error)
}

/// The text between two marks.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let rest = &text[text.find(start)? + start.len()..];
    Some(&rest[..rest.find(end)?]).filter(|found| !found.is_empty())
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::operation::get_object::GetObjectError;

    use super::*;

    const DOING: Doing<'static> = Doing { server: "http://host", bucket: "photos", verb: "write", name: "a/b" };

    fn judged(status: u16, code: &str, region: Option<&str>) -> Error {
        refused(Refusal { status, code, message: "So it is.", region, ahead: None }, DOING)
    }

    #[test]
    fn codes_tell_what_can_be_done() {
        for (status, code, variant) in [
            (404, "NoSuchKey", "NotFound"),
            (404, "NoSuchBucket", "NoSuchBucket"),
            (412, "PreconditionFailed", "Precondition"),
            (416, "InvalidRange", "Precondition"),
            (409, "ConditionalRequestConflict", "Conflict"),
            (409, "OperationAborted", "Conflict"),
            (404, "NoSuchUpload", "Conflict"),
            (403, "AccessDenied", "Denied"),
            (403, "InvalidAccessKeyId", "Credentials"),
            (403, "SignatureDoesNotMatch", "Credentials"),
            (400, "ExpiredToken", "Credentials"),
            (403, "RequestTimeTooSkewed", "Clock"),
            (501, "NotImplemented", "NotImplemented"),
            (400, "BadDigest", "Damaged"),
            (503, "SlowDown", "Server"),
            (200, "InternalError", "Server"),
            (400, "KeyTooLongError", "Other"),
        ] {
            let debug = format!("{:?}", judged(status, code, None));
            assert!(debug.starts_with(variant), "{status} {code}: {debug}");
        }
    }

    #[test]
    fn without_a_code_the_status_tells() {
        for (status, variant) in [
            (403, "Denied"),
            (404, "NotFound"),
            (409, "Conflict"),
            (412, "Precondition"),
            (416, "Precondition"),
            (429, "Server"),
            (500, "Server"),
            (501, "NotImplemented"),
            (200, "Damaged"),
            (503, "Server"),
            (400, "Other"),
        ] {
            let debug = format!("{:?}", judged(status, "", None));
            assert!(debug.starts_with(variant), "{status}: {debug}");
        }
    }

    #[test]
    fn a_wrong_region_names_the_right_one() {
        for (status, code) in [(301, "PermanentRedirect"), (400, "AuthorizationHeaderMalformed"), (301, "")] {
            assert!(matches!(judged(status, code, Some("eu-west-1")), Error::WrongRegion(name) if name == "eu-west-1"));
        }
        assert!(matches!(judged(301, "PermanentRedirect", None), Error::Other(_)));
        assert!(matches!(judged(403, "AccessDenied", Some("eu-west-1")), Error::Denied(_)));
        assert!(matches!(judged(400, "KeyTooLongError", Some("eu-west-1")), Error::Other(_)));
    }

    #[test]
    fn messages_name_the_request_and_the_answer() {
        assert_eq!(
            judged(403, "AccessDenied", None).to_string(),
            "access denied: cannot write 'a/b' in bucket 'photos': So it is (403 AccessDenied); it takes s3:PutObject"
        );
        let bare = refused(Refusal { status: 418, ..Refusal::default() }, DOING);
        assert_eq!(bare.to_string(), "cannot write 'a/b' in bucket 'photos' (418)");
    }

    #[test]
    fn a_wrong_clock_is_told_by_how_much() {
        let now = 1_790_000_000;
        let ahead = |date: &str| ahead_of(date, now);
        assert_eq!(ahead("Mon, 21 Sep 2026 14:13:20 GMT"), Some(0));
        assert_eq!(ahead("Mon, 21 Sep 2026 12:08:20 GMT"), Some(7_500));
        assert_eq!(ahead("yesterday"), None);
        let told = |ahead| {
            let refusal = Refusal { status: 403, code: "RequestTimeTooSkewed", ahead, ..Refusal::default() };
            refused(refusal, DOING).to_string()
        };
        let rest = "cannot write 'a/b' in bucket 'photos' (403 RequestTimeTooSkewed)";
        let wrong = "the clock of this machine is too far off: ";
        assert_eq!(told(Some(7_500)), format!("{wrong}it is 2 h 5 min ahead of the server's; {rest}"));
        assert_eq!(told(Some(-1_200)), format!("{wrong}it is 20 min 0 s behind the server's; {rest}"));
        assert_eq!([told(Some(3)), told(None)], [format!("{wrong}{rest}"), format!("{wrong}{rest}")]);
    }

    #[test]
    fn credentials_that_cannot_be_had_are_told_from_refused_ones() {
        for source in
            [CredentialsError::not_loaded_no_source(), CredentialsError::provider_error("the session expired")]
        {
            let error: SdkError<GetObjectError, HttpResponse> = SdkError::construction_failure(source);
            let error = error_of(&error, DOING);
            assert!(matches!(error, Error::NoCredentials(_)), "{error}");
        }
    }

    #[test]
    fn words_that_may_hold_a_password_are_hidden() {
        assert_eq!(without_keys("endpoint `me:hush@host` is no URI"), "endpoint [hidden] is no URI");
        assert_eq!(without_keys("nothing to  hide"), "nothing to  hide");
    }

    #[test]
    fn regions_are_found_in_the_servers_words() {
        assert_eq!(between("<Region>eu</Region>", "<Region>", "</Region>"), Some("eu"));
        assert_eq!(between("is wrong; expecting 'eu-west-1'", "expecting '", "'"), Some("eu-west-1"));
        assert_eq!(between("<Region></Region>", "<Region>", "</Region>"), None);
        assert_eq!(between("expecting 'eu", "expecting '", "'"), None);
    }
}
