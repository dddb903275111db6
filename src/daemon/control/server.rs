//! The daemon's side of the socket.

use std::fs::{self, File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener as StdListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use s4_commands::record::{self, Record};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::place::{Place, cannot};
use super::wire::{self, Ask};
use crate::daemon::board::Board;
use crate::env::Env;
use crate::error::{Error, Kind};
use crate::records;

/// Clients at a time. There is one person behind all of them.
const CLIENTS: usize = 32;
/// Bytes of the longest line that is read.
const LONGEST: u64 = 64 << 10;
/// How long a client may take to say what it wants, or to take an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a set of answers is out before the next one.
const PACE: Duration = Duration::from_millis(100);
/// How long nobody is let in when that did not work: the system lacks something that others have to give back.
const BREATH: Duration = Duration::from_millis(100);

/// Something that a person wants of the daemon. All targets are meant if none is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// To leave targets alone.
    Pause(Vec<String>),
    /// To sync them again.
    Resume(Vec<String>),
}

/// An order, and where what came of it is told.
#[derive(Debug)]
pub struct Request {
    /// What is wanted.
    pub order: Order,
    /// Done, or the sentence that says why not.
    pub reply: oneshot::Sender<Result<(), String>>,
}

/// The daemon's socket, and the lock that says that it lives. The socket is removed when this is dropped.
#[derive(Debug)]
pub struct Control {
    listener: StdListener,
    socket: PathBuf,
    /// Let go of last, when the socket is gone.
    _lock: File,
}

impl Control {
    /// Takes the lock of the daemon for the config file `config_path` and makes its socket. One that a daemon which was killed left
    /// behind is replaced.
    ///
    /// # Errors
    ///
    /// When a daemon runs on that config file already, or the user's folder for sockets is no private one.
    pub fn bind(env: &Env, config_path: &Path) -> Result<Control, Error> {
        let place = Place::make(env, config_path)?;
        let lock = place.lock()?;
        let failed = |source: std::io::Error| cannot("make the socket", &place.socket).because(source);
        match fs::remove_file(&place.socket) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let listener = StdListener::bind(&place.socket).map_err(failed)?;
        // The folder keeps others out until then.
        fs::set_permissions(&place.socket, Permissions::from_mode(0o600)).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        Ok(Control { listener, socket: place.socket, _lock: lock })
    }

    /// Answers whoever asks, from `board`, and hands on what they want in `orders`. Each client is served by itself: none waits for
    /// another. It goes on until it is dropped, and takes its clients with it.
    ///
    /// # Errors
    ///
    /// When the socket cannot be used.
    pub async fn serve(self, board: Arc<Board>, orders: mpsc::Sender<Request>) -> Result<(), Error> {
        let listener = self.listener.try_clone().and_then(UnixListener::from_std);
        let listener = listener.map_err(|error| cannot("use the socket", &self.socket).because(error))?;
        let mut clients = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) if clients.len() < CLIENTS => {
                        clients.spawn(attend(stream, Arc::clone(&board), orders.clone()));
                    }
                    Ok((stream, _)) => {
                        // What it does not take at once is lost on it.
                        let _ = stream.try_write(&refusal(Kind::Failed, "too many others ask the daemon"));
                    }
                    Err(_) => sleep(BREATH).await,
                },
                Some(_) = clients.join_next() => {}
            }
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // What is left behind is replaced by the next daemon.
        let _ = fs::remove_file(&self.socket);
    }
}

async fn attend(stream: UnixStream, board: Arc<Board>, orders: mpsc::Sender<Request>) {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    let mut bounded = (&mut reader).take(LONGEST);
    let Ok(Ok(1..)) = timeout(PATIENCE, bounded.read_until(b'\n', &mut line)).await else { return };
    let answer = match Ask::parse(&line).filter(|_| line.ends_with(b"\n")) {
        None => refusal(Kind::Usage, "the daemon does not know what that asks for; it may be of another version"),
        Some(Ask::Watch) => return keep_telling(&mut reader, &mut writer, &board).await,
        Some(Ask::Status) => standings(&board),
        Some(Ask::Pause(names)) => obeyed(&orders, Order::Pause(names)).await,
        Some(Ask::Resume(names)) => obeyed(&orders, Order::Resume(names)).await,
    };
    send(&mut writer, &answer).await;
}

/// Tells where all targets stand, now and after each change, until the client leaves.
async fn keep_telling(reader: &mut BufReader<OwnedReadHalf>, writer: &mut OwnedWriteHalf, board: &Board) {
    let mut changes = board.watch();
    let next = async {
        loop {
            changes.borrow_and_update();
            if !send(writer, &standings(board)).await {
                return;
            }
            // What changes meanwhile is told together.
            sleep(PACE).await;
            if changes.changed().await.is_err() {
                return;
            }
        }
    };
    // It has nothing more to say: this ends when it leaves.
    let gone = reader.read_u8();
    tokio::select! {
        () = next => {}
        _ = gone => {}
    }
}

fn standings(board: &Board) -> Vec<u8> {
    wire::set(board.targets().iter().map(|(name, standing)| records::status(name, standing).into()))
}

async fn obeyed(orders: &mpsc::Sender<Request>, order: Order) -> Vec<u8> {
    let (reply, answer) = oneshot::channel();
    // Both fail only when nobody is left to obey.
    let done = match orders.send(Request { order, reply }).await {
        Ok(()) => answer.await.ok(),
        Err(_) => None,
    };
    match done {
        Some(Ok(())) => wire::set([]),
        Some(Err(why)) => refusal(Kind::Failed, &why),
        None => refusal(Kind::Failed, "the daemon is about to end"),
    }
}

fn refusal(kind: Kind, message: &str) -> Vec<u8> {
    let (code, message) = (kind.code().to_owned(), message.to_owned());
    wire::line(&Record::Error(record::Error { code, message, ..record::Error::default() }))
}

/// Whether the client took all of it, in time.
async fn send(writer: &mut OwnedWriteHalf, bytes: &[u8]) -> bool {
    matches!(timeout(PATIENCE, writer.write_all(bytes)).await, Ok(Ok(())))
}
