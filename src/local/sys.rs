//! The system calls that look at the folder or change it.
//!
//! All of this module makes them through here, so that the simulation of several machines (`tests/simulation`) can stand
//! behind each: in its builds these are its own functions, of the same names, which do the same and tell it of each call.

#[cfg(all(test, target_os = "linux"))]
pub(crate) use crate::simulation::calls::*;

#[cfg(not(all(test, target_os = "linux")))]
pub(super) use self::plain::*;

#[cfg(not(all(test, target_os = "linux")))]
mod plain {
    use std::fs::File;
    use std::io::{Read, Result};
    use std::os::unix::fs::FileExt;
    use std::time::{Duration, SystemTime};

    #[cfg(target_os = "linux")]
    pub(in crate::local) use rustix::fs::{openat2, syncfs};

    pub(in crate::local) use rustix::fs::{
        fallocate, fchmod, fstat, fstatvfs, futimens, linkat, mkdirat, openat, readlinkat, renameat, renameat_with,
        statat, symlinkat, unlinkat, utimensat,
    };

    pub(in crate::local) fn read(mut file: &File, into: &mut [u8]) -> Result<usize> {
        file.read(into)
    }

    pub(in crate::local) fn read_at(file: &File, into: &mut [u8], offset: u64) -> Result<usize> {
        file.read_at(into, offset)
    }

    pub(in crate::local) fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> Result<()> {
        file.write_all_at(bytes, offset)
    }

    /// Copies a range, its first byte and number of bytes, to the same place of another file.
    pub(in crate::local) fn copy_range(from: &File, to: &File, (start, length): (u64, u64)) -> Result<()> {
        let mut done = 0;
        #[cfg(target_os = "linux")]
        while done < length {
            let (mut read, mut write) = (start + done, start + done);
            let most = usize::try_from(length - done).unwrap_or(usize::MAX);
            match rustix::fs::copy_file_range(from, Some(&mut read), to, Some(&mut write), most) {
                // Its end, or a file system that cannot do that: then as everywhere.
                Ok(0) | Err(_) => break,
                Ok(copied) => done += copied as u64,
            }
        }
        let mut bytes = vec![0; 256 << 10];
        while done < length {
            let most = usize::try_from(length - done).map_or(bytes.len(), |left| left.min(bytes.len()));
            match from.read_at(&mut bytes[..most], start + done) {
                Ok(0) => return Err(std::io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => {
                    to.write_all_at(&bytes[..read], start + done)?;
                    done += read as u64;
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Has the disk begin to write a range of a file, which will have to be on it soon. Where that cannot be said, nothing happens.
    pub(in crate::local) fn begin_to_write(_file: &File, _offset: u64, _length: u64) {
        // What is not on the disk yet begins its way there by this advice; what is may leave the memory.
        #[cfg(target_os = "linux")]
        let _ = rustix::fs::fadvise(_file, _offset, std::num::NonZeroU64::new(_length), rustix::fs::Advice::DontNeed);
    }

    pub(in crate::local) fn fsync(file: &File) -> Result<()> {
        file.sync_all()
    }

    pub(in crate::local) fn now() -> SystemTime {
        SystemTime::now()
    }

    pub(in crate::local) fn sleep(time: Duration) {
        std::thread::sleep(time);
    }
}
