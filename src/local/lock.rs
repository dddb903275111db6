//! One run at a time on a folder: `flock` on `.s4lock`, as S4 0.4 does. The kernel lets go of it when the process dies.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, Mode, OFlags, flock, fstat};
use rustix::io::Errno;

use super::beneath::{At, convert, open};
use super::{Error, Folder};
use crate::key::LOCK;

/// How long between two tries.
const POLL: Duration = Duration::from_millis(50);

/// The lock of a folder, held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
}

/// Who may hold the lock at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Nobody else: for a whole run, and for writing the index.
    Alone,
    /// Others that share it too: the steps of one run, each a process, that stand in a pipe.
    Shared,
}

impl Lock {
    /// Lets others share the lock.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`] if another took it meanwhile; [`Error::Io`].
    pub fn share(self) -> Result<Lock, Error> {
        match flock(&self.file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => Ok(self),
            Err(Errno::WOULDBLOCK) => Err(Error::Locked { pid: holder(&self.file), path: self.path }),
            Err(errno) => Err(Error::new(errno, &self.path)),
        }
    }

    /// Locks `folder`, trying for as long as `wait`. When it has to wait, `on_wait` is called once, with the process id of
    /// the holder where that is known.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`] when the time is over; [`Error::Denied`] if there is no lock file and none can be made;
    /// [`Error::InTheWay`], [`Error::Io`].
    pub fn acquire(
        folder: &Folder,
        hold: Hold,
        wait: Duration,
        on_wait: &mut dyn FnMut(Option<u32>),
    ) -> Result<Lock, Error> {
        let path = folder.path_in(&folder.meta, Path::new(LOCK));
        let failed = |errno| Error::new(errno, &path);
        let dir = folder.make_dir(&folder.meta, Path::new(""))?;
        let begin = Instant::now();
        let mut told = false;
        loop {
            let file = open_lock(&dir).map_err(failed)?;
            match flock(&file, hold.operation()) {
                Ok(()) => {
                    // S4 0.4 removes its lock file: what we hold may be without a name, and worth nothing.
                    let held = convert(&fstat(&file).map_err(failed)?).1.inode;
                    if matches!(At::new(&dir, LOCK.as_ref()).stat(), Ok((_, stat)) if stat.inode == held) {
                        sign(&file);
                        return Ok(Lock { file, path });
                    }
                }
                Err(Errno::WOULDBLOCK | Errno::INTR) => {
                    let pid = holder(&file);
                    if begin.elapsed() >= wait {
                        return Err(Error::Locked { path, pid });
                    }
                    if !told {
                        told = true;
                        on_wait(pid);
                    }
                    std::thread::sleep(POLL.min(wait.saturating_sub(begin.elapsed())));
                }
                Err(errno) => return Err(failed(errno)),
            }
        }
    }
}

impl Hold {
    fn operation(self) -> FlockOperation {
        match self {
            Hold::Alone => FlockOperation::NonBlockingLockExclusive,
            Hold::Shared => FlockOperation::NonBlockingLockShared,
        }
    }
}

fn open_lock(dir: &rustix::fd::OwnedFd) -> Result<File, Errno> {
    let path = Path::new(LOCK);
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    match open(dir, path, OFlags::RDWR | OFlags::CREATE | flags, Mode::from_raw_mode(0o666)) {
        // Another user's, in a shared folder: to be locked it need not be writable.
        Err(refused @ (Errno::ACCESS | Errno::ROFS)) => {
            open(dir, path, OFlags::RDONLY | flags, Mode::empty()).map_err(|_| refused)
        }
        opened => opened,
    }
    .map(File::from)
}

/// Writes our process id into the file. It serves a message only, so that it may fail.
fn sign(file: &File) {
    let _ = file.set_len(0).and_then(|()| file.write_all_at(format!("{}\n", std::process::id()).as_bytes(), 0));
}

fn holder(file: &File) -> Option<u32> {
    let mut text = [0; 16];
    let length = file.read_at(&mut text, 0).ok()?;
    str::from_utf8(&text[..length]).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// A program that another test is just starting has this process's files, locks too, until it has begun: what was let go a
    /// moment ago is waited for.
    const A_WHILE: Duration = Duration::from_secs(60);

    fn lock(folder: &Folder, wait: Duration) -> (Result<Lock, Error>, Vec<Option<u32>>) {
        let mut waits = Vec::new();
        let lock = Lock::acquire(folder, Hold::Alone, wait, &mut |pid| waits.push(pid));
        (lock, waits)
    }

    #[test]
    fn a_second_run_is_refused_and_told_who_runs() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path(), None).unwrap();
        let (held, waits) = lock(&folder, Duration::ZERO);
        assert!(held.is_ok() && waits.is_empty());
        let other = Folder::open(dir.path(), None).unwrap();
        let (refused, _) = lock(&other, Duration::ZERO);
        assert!(matches!(refused, Err(Error::Locked { pid, .. }) if pid == Some(std::process::id())));
        let (refused, waits) = lock(&other, POLL * 3);
        assert!(refused.is_err());
        assert_eq!(waits, [Some(std::process::id())]);
        drop(held);
        assert!(lock(&other, A_WHILE).0.is_ok());
        assert!(dir.path().join(LOCK).exists());
    }

    #[test]
    fn a_waiting_run_gets_the_lock_when_it_is_released() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path(), None).unwrap();
        let mut held = Some(lock(&folder, Duration::ZERO).0.unwrap());
        let lock = Lock::acquire(&folder, Hold::Alone, A_WHILE, &mut |_| held = None);
        assert!(lock.is_ok());
    }

    #[test]
    fn steps_share_the_lock_and_keep_out_a_whole_run() {
        let dir = tempfile::tempdir().unwrap();
        let [one, two, three] = [(); 3].map(|()| Folder::open(dir.path(), None).unwrap());
        let first = Lock::acquire(&one, Hold::Alone, Duration::ZERO, &mut |_| {}).unwrap().share().unwrap();
        let second = Lock::acquire(&two, Hold::Shared, Duration::ZERO, &mut |_| {}).unwrap();
        assert!(matches!(lock(&three, Duration::ZERO).0, Err(Error::Locked { .. })));
        drop(first);
        assert!(matches!(lock(&three, Duration::ZERO).0, Err(Error::Locked { .. })));
        drop(second);
        let _whole = lock(&three, A_WHILE).0.unwrap();
        assert!(Lock::acquire(&one, Hold::Shared, Duration::ZERO, &mut |_| {}).is_err());
    }

    #[test]
    fn a_lock_file_that_was_removed_meanwhile_is_no_lock() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path(), None).unwrap();
        let old = lock(&folder, Duration::ZERO).0.unwrap();
        fs::remove_file(dir.path().join(LOCK)).unwrap();
        let new = lock(&folder, Duration::ZERO).0.unwrap();
        drop(old);
        assert!(matches!(lock(&folder, Duration::ZERO).0, Err(Error::Locked { .. })));
        drop(new);
    }

    #[test]
    fn a_foreign_lock_file_is_not_read_as_a_process_and_a_link_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path(), None).unwrap();
        fs::write(dir.path().join(LOCK), "not a number, and much longer than one").unwrap();
        let file = File::open(dir.path().join(LOCK)).unwrap();
        flock(&file, FlockOperation::LockExclusive).unwrap();
        assert!(matches!(lock(&folder, Duration::ZERO).0, Err(Error::Locked { pid: None, .. })));
        fs::remove_file(dir.path().join(LOCK)).unwrap();
        std::os::unix::fs::symlink("elsewhere", dir.path().join(LOCK)).unwrap();
        assert!(matches!(lock(&folder, Duration::ZERO).0, Err(Error::InTheWay { .. })));
        assert!(!dir.path().join("elsewhere").exists());
    }

    #[test]
    fn a_folder_that_can_not_be_written_is_told_from_a_locked_one() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path(), None).unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o500)).unwrap();
        // A superuser writes all the same.
        if fs::write(dir.path().join("probe"), "").is_err() {
            assert!(matches!(lock(&folder, Duration::ZERO).0, Err(Error::Denied { .. })));
        }
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
    }
}
