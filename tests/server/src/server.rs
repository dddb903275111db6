//! The listening server: connections, signatures, and the faults that need the connection itself.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::time::Duration;
use std::{fmt, io};

use bytes::Bytes;
use futures::StreamExt;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE};
use hyper::service::service_fn;
use hyper::{StatusCode, http};
use hyper_util::rt::TokioIo;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, HttpError, HttpResponse, S3Error, S3ErrorCode, S3Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use crate::api::Api;
use crate::control::Control;
use crate::fault::{FaultKind, Pending, flip_a_bit};
use crate::options::{Checksums, Options};

/// A running server. It has its own threads, so it serves plain tests and async ones; it stops when it is dropped.
///
/// Everything that can be done to it while it runs is on [`Control`], which it hands out and stands for.
pub struct Server {
    control: Control,
    address: SocketAddr,
    access_key: String,
    secret_key: String,
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
}

impl Server {
    /// Starts a server on the loopback address.
    ///
    /// # Panics
    ///
    /// If the port is taken or the machine has no thread left: no test can go on then.
    #[expect(clippy::panic, reason = "a test without its server cannot go on, and every caller would unwrap")]
    pub fn start(options: Options) -> Server {
        Server::try_start(options).unwrap_or_else(|error| panic!("the test server does not start: {error}"))
    }

    /// As [`Server::start`].
    ///
    /// # Errors
    ///
    /// If the port is taken or the machine has no thread left.
    pub fn try_start(options: Options) -> io::Result<Server> {
        let Options { port, access_key, secret_key, region, behaviour } = options;
        let control = Control::new(behaviour);
        let mut builder = S3ServiceBuilder::new(Api { control: control.clone(), region: region.into() });
        builder.set_auth(SimpleAuth::from_single(access_key.clone(), secret_key.clone()));
        builder.set_access(Gate { control: control.clone() });
        let service = builder.build();

        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("test-server")
            .enable_all()
            .build()?;
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = {
            let _context = runtime.enter();
            TcpListener::from_std(listener)?
        };
        runtime.spawn(accept(listener, service, control.clone()));
        Ok(Server { control, address, access_key, secret_key, runtime: Some(runtime) })
    }

    /// Where it listens: `http://127.0.0.1:PORT`. Buckets are in the path.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The access key id that it knows.
    pub fn access_key(&self) -> &str {
        &self.access_key
    }

    /// The secret of that key.
    pub fn secret_key(&self) -> &str {
        &self.secret_key
    }

    /// A handle for hooks and other threads.
    pub fn control(&self) -> Control {
        self.control.clone()
    }
}

impl Deref for Server {
    type Target = Control;

    fn deref(&self) -> &Control {
        &self.control
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A hook that holds a handle would keep the store alive in a circle.
        self.control.clear_hook();
        if let Some(runtime) = self.runtime.take() {
            // Not waiting for connections that clients keep open; allowed in async tests as well.
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

async fn accept(listener: TcpListener, service: S3Service, control: Control) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // The connection is gone already, or the process has no file left: then not all at once again.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        tokio::spawn(connection(stream, service.clone(), control.clone()));
    }
}

async fn connection(stream: TcpStream, service: S3Service, control: Control) {
    // Small answers go out at once. A socket that refuses the option works all the same, only slower.
    stream.set_nodelay(true).unwrap_or_default();
    let serve = service_fn(move |request| exchange(request, service.clone(), control.clone()));
    // An error here is a client that went away, or a fault that closes the connection: nothing to tell anybody.
    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), serve).await.unwrap_or_default();
}

/// Stands between the signature check and the operation.
struct Gate {
    control: Control,
}

#[async_trait::async_trait]
impl S3Access for Gate {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        if cx.credentials().is_none() {
            return Err(s3s::s3_error!(AccessDenied, "Anonymous access is forbidden"));
        }
        let (bucket, key) = (cx.s3_path().get_bucket_name(), cx.s3_path().get_object_key());
        let fault = self.control.admit(cx.s3_op().name(), bucket, key).await?;
        let refuses = self.control.state().behaviour.checksums == Checksums::Refused;
        if refuses && let Some(name) = cx.headers().keys().find(|name| is_checksum(name.as_str())) {
            return Err(s3s::s3_error!(InvalidArgument, "Unsupported header '{name}' received for this API call."));
        }
        match fault {
            None => Ok(()),
            Some(FaultKind::FailBefore { status, code }) => Err(failure(status, &code)),
            Some(fault) => {
                let drop = fault == FaultKind::Drop;
                if let Some(pending) = cx.extensions_mut().get::<Pending>() {
                    pending.set(fault);
                }
                // The refusal is never seen: the connection is closed in its place.
                if drop { Err(s3s::s3_error!(InternalError)) } else { Ok(()) }
            }
        }
    }
}

/// Whether a header has to do with the newer checksums; `Content-MD5` is as old as S3.
fn is_checksum(header: &str) -> bool {
    header.starts_with("x-amz-checksum-") || header == "x-amz-sdk-checksum-algorithm"
}

fn failure(status: u16, code: &str) -> S3Error {
    let code = S3ErrorCode::from_bytes(code.as_bytes()).unwrap_or(S3ErrorCode::InternalError);
    let mut error = S3Error::with_message(code, "Injected by the test");
    error.set_status_code(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    error
}

/// One request and its answer. An error closes the connection with no answer.
async fn exchange(
    request: http::Request<Incoming>,
    service: S3Service,
    control: Control,
) -> Result<HttpResponse, HttpError> {
    let (mut parts, body) = request.into_parts();
    // The whole body first, so that a refusal never races with a client that still sends.
    let body = body.collect().await.map_err(|error| HttpError::new(error.into()))?.to_bytes();
    let bytes_in = body.len() as u64;
    let head = parts.method == http::Method::HEAD;
    let pending = Pending::default();
    parts.extensions.insert(pending.clone());
    let answer = service.call(http::Request::from_parts(parts, Body::from(body))).await?;

    let (mut parts, body) = answer.into_parts();
    let not_modified = parts.status == StatusCode::NOT_MODIFIED;
    let mut body = BodyExt::collect(body).await.map_err(HttpError::new)?.to_bytes();
    if not_modified || head {
        body = Bytes::new();
    } else if is_xml(&parts.headers) {
        body = escape_controls(body);
    }
    let fault = pending.take();
    if matches!(fault, Some(FaultKind::LoseReply | FaultKind::Drop)) {
        control.count_answer(bytes_in, 0, false);
        return Err(HttpError::new("closed by a fault".into()));
    }
    let body = match fault {
        Some(FaultKind::TruncateBody(kept)) if kept < body.len() => {
            parts.headers.insert(CONTENT_LENGTH, body.len().into());
            body.truncate(kept);
            control.count_answer(bytes_in, body.len() as u64, not_modified);
            return Ok(http::Response::from_parts(parts, broken_off(body)));
        }
        Some(FaultKind::CorruptBody) => flip_a_bit(&body),
        _ => body,
    };
    control.count_answer(bytes_in, body.len() as u64, not_modified);
    if !body.is_empty() {
        // hyper knows the length; that of an empty answer to a HEAD tells of the object.
        parts.headers.remove(CONTENT_LENGTH);
    }
    Ok(http::Response::from_parts(parts, Body::from(body)))
}

fn is_xml(headers: &http::HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/xml"))
}

/// A body that ends in an error, which closes the connection.
fn broken_off(kept: Bytes) -> Body {
    let kept = futures::stream::iter((!kept.is_empty()).then_some(Ok(Frame::data(kept))));
    let end = futures::stream::once(async {
        // A pause of one turn, in which what was kept is flushed to the client.
        tokio::task::yield_now().await;
        Err(io::Error::other("broken off by a fault"))
    });
    Body::http_body_unsync(StreamBody::new(kept.chain(end)))
}

/// Writes control characters as S3 does, as references; raw ones are no XML, and a raw CR is read as LF.
fn escape_controls(body: Bytes) -> Bytes {
    let raw = |byte: u8| byte < b' ' && byte != b'\n' && byte != b'\t';
    if !body.iter().copied().any(raw) {
        return body;
    }
    let mut escaped = Vec::with_capacity(body.len() + 64);
    for &byte in &body {
        if raw(byte) {
            escaped.extend_from_slice(format!("&#x{byte:x};").as_bytes());
        } else {
            escaped.push(byte);
        }
    }
    escaped.into()
}
