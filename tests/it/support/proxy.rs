//! A network between s4 and a server, with all that networks do.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::Bucket;

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The connection breaks before anything of it has passed.
    Broken,
    /// It is taken, all of it, and never answered.
    Silence,
    /// No byte of it is read after the head.
    Deafness,
    /// The connection breaks when so many bytes of its body have passed.
    BreaksAfter(usize),
    /// So many bytes of the answer come, and then no more, and no end.
    AnswerStops(usize),
    /// So many bytes of the answer come, and then the connection breaks.
    AnswerBreaks(usize),
}

#[derive(Default)]
struct State {
    /// What happens to requests whose head holds a text, and to how many of them.
    troubles: Vec<(String, Trouble, usize)>,
    happened: usize,
    /// The heads of all requests.
    heads: Vec<String>,
    /// Connections that nobody serves any more, and that stay open.
    held: Vec<TcpStream>,
}

/// A network; gone when it is dropped.
pub(crate) struct Proxy {
    endpoint: String,
    state: Arc<Mutex<State>>,
}

impl Proxy {
    /// One without any trouble, before the server of a bucket.
    pub(crate) fn before(bucket: &Bucket) -> Proxy {
        let server = bucket.endpoint().trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (server, state) = (server.clone(), Arc::clone(&shared));
                if Arc::strong_count(&state) == 2 {
                    // The proxy is gone, and no connection is left that would need it.
                    return;
                }
                // A side that goes away is nothing to tell anybody.
                std::thread::spawn(move || exchange(client, &server, &state));
            }
        });
        Proxy { endpoint, state }
    }

    /// Its URL.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Lets something happen to the next `times` requests whose head holds `text`, as `PUT /bucket/some/prefix/key`.
    pub(crate) fn trouble(&self, text: &str, trouble: Trouble, times: usize) {
        self.state.lock().unwrap().troubles.push((text.to_owned(), trouble, times));
    }

    /// The heads of the requests since it was last asked.
    pub(crate) fn heads(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().heads)
    }

    /// Lets everything pass again; returns to how many requests something has happened.
    pub(crate) fn calm(&self) -> usize {
        let mut state = self.state.lock().unwrap();
        state.troubles.clear();
        std::mem::take(&mut state.happened)
    }
}

impl State {
    fn due(&mut self, head: &str) -> Option<Trouble> {
        let due = self.troubles.iter_mut().find(|(text, _, times)| *times > 0 && head.contains(text.as_str()))?;
        due.2 -= 1;
        self.happened += 1;
        Some(due.1)
    }
}

/// Passes one request and its answer on; then the connection ends.
fn exchange(mut client: TcpStream, server: &str, state: &Mutex<State>) -> io::Result<()> {
    let Some(head) = read_head(&mut client)? else { return Ok(()) };
    let trouble = {
        let mut state = state.lock().unwrap();
        state.heads.push(head.clone());
        state.due(&head)
    };
    match trouble {
        Some(Trouble::Broken) => return break_off(&client),
        Some(Trouble::Deafness) => {
            state.lock().unwrap().held.push(client);
            return Ok(());
        }
        Some(Trouble::Silence) => return io::copy(&mut client, &mut io::sink()).map(drop),
        _ => {}
    }
    let mut upstream = TcpStream::connect(server)?;
    let (line, rest) = head.split_once("\r\n").unwrap();
    write!(upstream, "{line}\r\nconnection: close\r\n{rest}")?;
    if let Some(Trouble::BreaksAfter(bytes)) = trouble {
        io::copy(&mut (&client).take(bytes as u64), &mut upstream)?;
        break_off(&upstream)?;
        return break_off(&client);
    }
    let (mut from, mut to) = (client.try_clone()?, upstream.try_clone()?);
    std::thread::spawn(move || io::copy(&mut from, &mut to));
    match trouble {
        Some(Trouble::AnswerStops(bytes)) => {
            io::copy(&mut upstream.take(bytes as u64), &mut client)?;
            state.lock().unwrap().held.push(client);
            Ok(())
        }
        Some(Trouble::AnswerBreaks(bytes)) => {
            io::copy(&mut upstream.take(bytes as u64), &mut client)?;
            break_off(&client)
        }
        _ => {
            io::copy(&mut upstream, &mut client)?;
            client.shutdown(Shutdown::Both)
        }
    }
}

/// The head of a request with the empty line behind it; `None` where the client has gone.
fn read_head(client: &mut TcpStream) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if client.read(&mut byte)? == 0 {
            return Ok(None);
        }
        head.push(byte[0]);
    }
    Ok(Some(String::from_utf8(head).unwrap()))
}

/// Ends a connection as a cut line or a crashed machine does.
fn break_off(stream: &TcpStream) -> io::Result<()> {
    rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO))?;
    Ok(())
}
