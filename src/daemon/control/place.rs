//! Where the daemon and those who ask it meet: a private folder of the user's, and in it a socket and a lock for each config file.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::env::Env;
use crate::error::{Error, Kind};

/// Where systemd has a folder for each user.
const USERS: &str = "/run/user";
/// How long a lock is waited for: one that was let go may be held a moment longer by a program that its holder was starting.
const WAIT: Duration = Duration::from_secs(1);
/// How long between two tries.
const POLL: Duration = Duration::from_millis(50);

/// The files of the daemon of one config file.
#[derive(Debug)]
pub(super) struct Place {
    /// Its socket.
    pub(super) socket: PathBuf,
    lock: PathBuf,
}

impl Place {
    /// The place for `config`, if its folder is there.
    pub(super) fn find(env: &Env, config: &Path) -> Result<Option<Place>, Error> {
        let folder = folder(env, Path::new(USERS));
        Ok(is_private(&folder)?.then(|| Place::in_folder(&folder, config)))
    }

    /// The place for `config`, whose folder is made where it is missing.
    pub(super) fn make(env: &Env, config: &Path) -> Result<Place, Error> {
        let folder = folder(env, Path::new(USERS));
        make_private(&folder)?;
        Ok(Place::in_folder(&folder, config))
    }

    fn in_folder(folder: &Path, config: &Path) -> Place {
        // However it is named, it is one file.
        let config = fs::canonicalize(config).unwrap_or_else(|_| config.to_owned());
        let path = config.as_os_str().as_encoded_bytes();
        let name = format!("{:016x}", crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Nvme, path));
        Place { socket: folder.join(format!("{name}.sock")), lock: folder.join(format!("{name}.lock")) }
    }

    /// Takes the lock that says that a daemon lives. It is held until the file is dropped.
    ///
    /// # Errors
    ///
    /// When a daemon runs already.
    pub(super) fn lock(&self) -> Result<File, Error> {
        let failed = |source: io::Error| cannot("lock", &self.lock).because(source);
        // The file stays when the lock is let go: to remove it is to let two daemons lock files of the same name.
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&self.lock).map_err(failed)?;
        let begin = Instant::now();
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(Errno::WOULDBLOCK | Errno::INTR) if begin.elapsed() < WAIT => std::thread::sleep(POLL),
                Err(Errno::WOULDBLOCK) => return Err(running(&file)),
                Err(errno) => return Err(failed(errno.into())),
            }
        }
        let pid = format!("{}\n", std::process::id());
        file.set_len(0).and_then(|()| file.write_all_at(pid.as_bytes(), 0)).map_err(failed)?;
        Ok(file)
    }
}

/// What to say of a thing that cannot be made or used.
pub(super) fn cannot(what: &str, path: &Path) -> Error {
    Error::new(Kind::Failed, format!("cannot {what} '{}'", path.display()))
}

fn running(lock: &File) -> Error {
    let mut text = [0; 16];
    let length = lock.read_at(&mut text, 0).unwrap_or_default();
    let pid = str::from_utf8(&text[..length]).ok().and_then(|text| text.trim().parse::<u32>().ok());
    let process = pid.map(|pid| format!(" (process {pid})")).unwrap_or_default();
    Error::new(Kind::Failed, format!("a daemon is already running{process}")).hint("see what it does: s4 status")
}

/// The folder for the files of this user's daemons. `users`: where the system has a folder for each user.
fn folder(env: &Env, users: &Path) -> PathBuf {
    let user = user();
    let named = env.get("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
    // The variable may be another user's, after `su`.
    let is_ours = |path: &PathBuf| fs::metadata(path).is_ok_and(|found| found.is_dir() && found.uid() == user);
    match named.into_iter().chain([users.join(user.to_string())]).find(is_ours) {
        Some(base) => base.join("s4"),
        None => {
            let tmp = env.get("TMPDIR").map(Path::new).filter(|path| path.is_absolute());
            tmp.unwrap_or(Path::new("/tmp")).join(format!("s4-{user}"))
        }
    }
}

fn user() -> u32 {
    rustix::process::getuid().as_raw()
}

fn make_private(folder: &Path) -> Result<(), Error> {
    let failed = |source: io::Error| cannot("make", folder).because(source);
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => is_private(folder)?,
    };
    // It is ours, and no link: what is narrowed here is nothing else.
    fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(failed)
}

/// Whether the folder is there.
///
/// # Errors
///
/// When something else is, or it belongs to somebody else: anybody may make names in the folder for temporary files.
fn is_private(folder: &Path) -> Result<bool, Error> {
    match fs::symlink_metadata(folder) {
        Ok(found) if found.is_dir() && found.uid() == user() => Ok(true),
        Ok(_) => {
            let what = format!("'{}' is no folder of this user's", folder.display());
            Err(Error::new(Kind::Failed, what).hint("remove it, or set XDG_RUNTIME_DIR to a folder of your own"))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(cannot("look at", folder).because(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(vars: &[(&str, &Path)]) -> Env {
        Env::new(vars.iter().map(|(name, value)| (*name, value.as_os_str())), PathBuf::from("/"))
    }

    #[test]
    fn the_folder_is_the_sessions_else_the_users_else_one_for_temporary_files() {
        let dir = tempfile::tempdir().unwrap();
        let [session, users, tmp] = ["session", "users", "tmp"].map(|name| dir.path().join(name));
        let home = users.join(user().to_string());
        let all = env(&[("XDG_RUNTIME_DIR", &session), ("TMPDIR", &tmp)]);
        assert_eq!(folder(&all, &users), tmp.join(format!("s4-{}", user())));
        fs::create_dir_all(&home).unwrap();
        assert_eq!(folder(&all, &users), home.join("s4"));
        fs::create_dir(&session).unwrap();
        assert_eq!(folder(&all, &users), session.join("s4"));
        let relative = env(&[("XDG_RUNTIME_DIR", Path::new("tmp")), ("TMPDIR", &tmp)]);
        assert_eq!(folder(&relative, &users), home.join("s4"));
    }

    #[test]
    fn a_link_or_a_file_in_its_place_is_refused_and_a_wide_one_is_narrowed() {
        let dir = tempfile::tempdir().unwrap();
        let [aim, link, file, wide] = ["aim", "link", "file", "wide"].map(|name| dir.path().join(name));
        fs::create_dir(&aim).unwrap();
        std::os::unix::fs::symlink(&aim, &link).unwrap();
        fs::write(&file, "").unwrap();
        for wrong in [&link, &file] {
            let told = make_private(wrong).unwrap_err().to_string();
            assert_eq!(told, format!("'{}' is no folder of this user's", wrong.display()));
            assert!(is_private(wrong).is_err());
        }
        fs::create_dir(&wide).unwrap();
        fs::set_permissions(&wide, Permissions::from_mode(0o777)).unwrap();
        make_private(&wide).unwrap();
        assert_eq!(fs::metadata(&wide).unwrap().mode() & 0o777, 0o700);
        assert!(!is_private(&dir.path().join("nothing")).unwrap());
    }

    #[test]
    fn another_users_folder_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        // Root can give a folder away; others have that of root.
        let other = if user() == 0 { dir.path() } else { Path::new("/") };
        std::os::unix::fs::chown(dir.path(), if user() == 0 { Some(1) } else { None }, None).unwrap();
        assert!(is_private(other).is_err() && make_private(other).is_err());
        let env = env(&[("XDG_RUNTIME_DIR", other), ("TMPDIR", Path::new("/t"))]);
        assert_eq!(folder(&env, Path::new("/nothing")), Path::new("/t").join(format!("s4-{}", user())));
    }

    #[test]
    fn each_config_file_has_a_place_of_its_own_whatever_it_is_called() {
        let dir = tempfile::tempdir().unwrap();
        let [one, two, link] = ["one", "two", "link"].map(|name| dir.path().join(name));
        fs::write(&one, "").unwrap();
        std::os::unix::fs::symlink(&one, &link).unwrap();
        let socket = |config: &Path| Place::in_folder(dir.path(), config).socket;
        assert_eq!(socket(&one), socket(&link));
        assert_ne!(socket(&one), socket(&two));
    }
}
