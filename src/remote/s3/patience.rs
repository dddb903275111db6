//! How long a request may stand still: a body that nobody takes, an answer that does not come or stops in its middle.
//!
//! The SDK's own time-out counts from the beginning of a request to the head of its answer: a large body on a slow line is
//! cut off by it, and an answer that stops after its head is waited for without end. Here only standing still counts.

use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient as _, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
    http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::super::counts::Counts;
use super::READ_TIMEOUT;
use super::connect::allowance;
use super::throttle::Throttle;

/// What is handed to the connection at a time. The next piece is asked for when the system has taken the ones before.
const PIECE: usize = 64 * 1024;

/// What the system takes on behalf of a connection, at most, before any of it has been sent.
const BUFFERED: u64 = 4 << 20;

/// Makes a client of which no request stands still for longer than `usual`. To an answer the server may be as much slower as the
/// request's own time-out is above [`READ_TIMEOUT`], in proportion to `usual`.
/// Bodies go no faster than `throttle` says.
pub(super) fn patient(
    client: SharedHttpClient,
    usual: Duration,
    throttle: Option<Arc<Throttle>>,
    counts: &Arc<Counts>,
) -> SharedHttpClient {
    let counts = Arc::clone(counts);
    http_client_fn(move |settings, components| {
        let own = settings.read_timeout().unwrap_or_default().max(READ_TIMEOUT);
        let answer = usual.mul_f64(own.as_secs_f64() / READ_TIMEOUT.as_secs_f64());
        // Without the time-out of this request: connections are kept for each set of settings.
        let mut shared = HttpConnectorSettings::builder();
        shared.set_connect_timeout(settings.connect_timeout());
        let inner = client.http_connector(&shared.build(), components);
        SharedHttpConnector::new(Patient {
            inner,
            usual,
            answer,
            throttle: throttle.clone(),
            counts: Arc::clone(&counts),
        })
    })
}

#[derive(Debug)]
struct Patient {
    inner: SharedHttpConnector,
    usual: Duration,
    answer: Duration,
    throttle: Option<Arc<Throttle>>,
    counts: Arc<Counts>,
}

impl HttpConnector for Patient {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let Patient { usual, mut answer, .. } = *self;
        let sent = Sent::default();
        let flying = Arc::new(Flying { counts: Arc::clone(&self.counts), bytes: AtomicU64::new(0) });
        let length = request.body().content_length();
        let throttle = self.throttle.clone().filter(|_| length != Some(0));
        if length.is_none_or(|length| length > PIECE as u64) || throttle.is_some() {
            sent.taken(false);
            // All that is on its way behind the last piece.
            answer = answer.min(usual.mul_f64(allowance(BUFFERED).as_secs_f64() / READ_TIMEOUT.as_secs_f64()));
            let body = request.take_body();
            *request.body_mut() = SdkBody::from_body_1_x(InPieces {
                body,
                left: Bytes::new(),
                held: Bytes::new(),
                sent: sent.clone(),
                flying: Arc::clone(&flying),
                throttle,
                waits: None,
            });
        }
        let call = self.inner.call(request);
        HttpConnectorFuture::new(async move {
            let _flying = flying;
            let mut call = pin!(call);
            let mut response = loop {
                tokio::select! {
                    response = &mut call => break response?,
                    () = sleep_until(sent.patience_ends(usual, answer)) => {
                        if sent.patience_ends(usual, answer) <= Instant::now() {
                            return Err(ConnectorError::timeout(stands_still().into()));
                        }
                    }
                }
            };
            let body = response.take_body();
            *response.body_mut() = SdkBody::from_body_1_x(Timed { body, usual, ends: Box::pin(sleep(usual)) });
            Ok(response)
        })
    }
}

fn stands_still() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the connection stands still")
}

/// What was sent of one request that has no answer yet.
#[derive(Debug)]
struct Flying {
    counts: Arc<Counts>,
    bytes: AtomicU64,
}

impl Flying {
    fn add(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.counts.fly(bytes as u64);
    }
}

impl Drop for Flying {
    fn drop(&mut self) {
        self.counts.land(self.bytes.load(Ordering::Relaxed));
    }
}

/// When the last piece of a body was taken, and whether it was the end.
#[derive(Clone, Debug)]
struct Sent(Arc<Mutex<(Instant, bool)>>);

impl Default for Sent {
    fn default() -> Sent {
        Sent(Arc::new(Mutex::new((Instant::now(), true))))
    }
}

impl Sent {
    fn taken(&self, all: bool) {
        self.taken_at(Instant::now(), all);
    }

    fn taken_at(&self, when: Instant, all: bool) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (when, all);
    }

    fn patience_ends(&self, usual: Duration, answer: Duration) -> Instant {
        let (last, all) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last + if all { answer } else { usual }
    }
}

/// A request's body that is handed over in pieces.
struct InPieces {
    body: SdkBody,
    left: Bytes,
    /// The next piece, where it has to wait.
    held: Bytes,
    sent: Sent,
    flying: Arc<Flying>,
    throttle: Option<Arc<Throttle>>,
    /// Until it may go.
    waits: Option<Pin<Box<Sleep>>>,
}

impl Body for InPieces {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if this.held.is_empty() {
            if this.left.is_empty() {
                let frame = ready!(Pin::new(&mut this.body).poll_frame(cx)).transpose()?;
                match frame.map(Frame::into_data) {
                    Some(Ok(bytes)) => this.left = bytes,
                    Some(Err(other)) => return Poll::Ready(Some(Ok(other))),
                    None => {
                        this.sent.taken(true);
                        return Poll::Ready(None);
                    }
                }
            }
            let most = this.throttle.as_ref().map_or(PIECE, |throttle| throttle.piece().min(PIECE));
            this.held = this.left.split_to(this.left.len().min(most));
            this.waits = this.throttle.as_ref().map(|throttle| {
                let until = throttle.take(this.held.len());
                // Until then it is not the server that stands still.
                this.sent.taken_at(until, false);
                Box::pin(sleep_until(until))
            });
        }
        if let Some(waits) = &mut this.waits {
            ready!(waits.as_mut().poll(cx));
            this.waits = None;
        }
        let piece = std::mem::take(&mut this.held);
        this.flying.add(piece.len());
        this.sent.taken(this.is_end_stream());
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_empty() && self.left.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (hint, left) = (self.body.size_hint(), (self.held.len() + self.left.len()) as u64);
        let mut whole = SizeHint::new();
        whole.set_lower(hint.lower() + left);
        if let Some(upper) = hint.upper() {
            whole.set_upper(upper + left);
        }
        whole
    }
}

/// An answer's body, of which each next piece has to come in time.
struct Timed {
    body: SdkBody,
    usual: Duration,
    ends: Pin<Box<Sleep>>,
}

impl Body for Timed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        match Pin::new(&mut this.body).poll_frame(cx) {
            Poll::Ready(frame) => {
                this.ends.as_mut().reset(Instant::now() + this.usual);
                Poll::Ready(frame)
            }
            Poll::Pending => {
                ready!(this.ends.as_mut().poll(cx));
                Poll::Ready(Some(Err(stands_still().into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
