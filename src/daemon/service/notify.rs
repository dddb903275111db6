//! What a service tells systemd: lines to the socket that `NOTIFY_SOCKET` names. Without one, nothing is told.

use std::io;
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::time::Duration;

use crate::env::Env;
use crate::ui::text::printable;

/// How long a line may wait for systemd to take those before it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Tells systemd how the service is. That it cannot be told is no reason to stop.
#[derive(Debug)]
pub struct Notifier {
    socket: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
}

impl Notifier {
    /// Goes by what systemd put into the environment.
    pub fn from_env(env: &Env) -> Notifier {
        let address = env.get("NOTIFY_SOCKET").and_then(|name| address(name.as_bytes()).ok());
        let socket = address.and_then(|address| Some((open().ok()?, address)));
        let watchdog = socket.is_some().then(|| watchdog(env, std::process::id())).flatten();
        Notifier { socket, watchdog }
    }

    /// The service is up.
    pub fn ready(&self) {
        self.tell("READY=1");
    }

    /// What the service does, in a line for `systemctl status`.
    pub fn status(&self, text: &str) {
        // A line break would begin another variable.
        self.tell(&format!("STATUS={}", printable(text)));
    }

    /// The service reads its configuration anew; [`Notifier::ready`] ends that.
    pub fn reloading(&self) {
        self.tell("RELOADING=1");
    }

    /// The service ends.
    pub fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    /// The service lives.
    pub fn watchdog(&self) {
        self.tell("WATCHDOG=1");
    }

    /// How often [`Notifier::watchdog`] is to be called, if systemd waits for it: twice as often as it must be.
    pub fn watchdog_every(&self) -> Option<Duration> {
        self.watchdog
    }

    fn tell(&self, line: &str) {
        if let Some((socket, address)) = &self.socket {
            // The service goes on, heard or not.
            let _ = socket.send_to_addr(line.as_bytes(), address);
        }
    }
}

fn open() -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_write_timeout(Some(PATIENCE))?;
    Ok(socket)
}

/// The address of a socket: an absolute path, or an abstract name that begins with `@`.
fn address(name: &[u8]) -> io::Result<SocketAddr> {
    match name {
        [b'/', ..] => SocketAddr::from_pathname(Path::new(std::ffi::OsStr::from_bytes(name))),
        #[cfg(target_os = "linux")]
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    }
}

/// Half the time after which systemd takes the process `pid` for hung, if it does so at all.
fn watchdog(env: &Env, pid: u32) -> Option<Duration> {
    let number = |name| env.text(name).map(str::parse::<u64>);
    let is_ours = number("WATCHDOG_PID").is_none_or(|of| of == Ok(pid.into()));
    let microseconds = number("WATCHDOG_USEC")?.ok().filter(|number| *number > 1 && is_ours)?;
    Some(Duration::from_micros(microseconds / 2))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn env(vars: &[(&str, &str)]) -> Env {
        Env::new(vars.to_vec(), PathBuf::from("/"))
    }

    fn received(socket: &UnixDatagram) -> String {
        let mut bytes = [0; 256];
        let length = socket.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }

    fn tell_all(notifier: &Notifier, socket: &UnixDatagram) {
        notifier.ready();
        notifier.status("docs: in sync\nREADY=1");
        notifier.reloading();
        notifier.watchdog();
        notifier.stopping();
        for line in ["READY=1", "STATUS=docs: in sync\\nREADY=1", "RELOADING=1", "WATCHDOG=1", "STOPPING=1"] {
            assert_eq!(received(socket), line);
        }
    }

    #[test]
    fn a_socket_with_a_path_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        tell_all(&Notifier::from_env(&env(&[("NOTIFY_SOCKET", path.to_str().unwrap())])), &socket);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_socket_with_an_abstract_name_is_told() {
        let name = format!("s4-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let socket = UnixDatagram::bind_addr(&address).unwrap();
        tell_all(&Notifier::from_env(&env(&[("NOTIFY_SOCKET", &format!("@{name}"))])), &socket);
    }

    #[test]
    fn without_a_socket_nothing_is_told_and_nothing_goes_wrong() {
        for vars in [&[][..], &[("NOTIFY_SOCKET", "relative")], &[("NOTIFY_SOCKET", "vsock:2:1")]] {
            let notifier = Notifier::from_env(&env(vars));
            assert!(notifier.socket.is_none());
            notifier.ready();
        }
        let gone = Notifier::from_env(&env(&[("NOTIFY_SOCKET", "/nowhere/at/all"), ("WATCHDOG_USEC", "20")]));
        gone.ready();
        assert_eq!(gone.watchdog_every(), Some(Duration::from_micros(10)));
        assert_eq!(Notifier::from_env(&env(&[("WATCHDOG_USEC", "20")])).watchdog_every(), None);
    }

    #[test]
    fn the_watchdog_is_for_the_process_that_it_names() {
        let every = |vars: &[(&str, &str)]| watchdog(&env(vars), 42);
        let minute = ("WATCHDOG_USEC", "60000000");
        assert_eq!(every(&[minute]), Some(Duration::from_secs(30)));
        assert_eq!(every(&[minute, ("WATCHDOG_PID", "42")]), Some(Duration::from_secs(30)));
        for vars in [
            &[][..],
            &[minute, ("WATCHDOG_PID", "43")],
            &[minute, ("WATCHDOG_PID", "x")],
            &[("WATCHDOG_USEC", "0")],
            &[("WATCHDOG_USEC", "-5")],
        ] {
            assert_eq!(every(vars), None, "{vars:?}");
        }
    }
}
