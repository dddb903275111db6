//! The system calls of `src/local`, as it makes them in the builds of its tests: the same calls, and each a moment of the
//! simulation if the thread plays a machine of one. See [`crate::simulation`].

use std::ffi::CString;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fd::AsFd;
use rustix::fs::{self, AtFlags, FallocateFlags, Mode, OFlags, RenameFlags, ResolveFlags, Stat, Timestamps};
use rustix::io::{Errno, Result};
use rustix::path::Arg;

use super::disk::{Place, Seen};
use super::seat::{Seat, seat};

// A full disk shows when something is written.
pub(crate) use rustix::fs::fstatvfs;

/// Something that a simulated machine is about to do; fails if the machine is dead.
fn moment(what: &str) -> Result<Option<Arc<Seat>>> {
    let Some(seat) = seat() else { return Ok(None) };
    seat.moment(what).map_err(|_| Errno::IO)?;
    Ok(Some(seat))
}

/// As [`moment`], for what needs room on the disk.
fn growing(what: &str) -> Result<Option<Arc<Seat>>> {
    let seat = moment(what)?;
    if seat.as_ref().is_some_and(|seat| seat.is_full()) { Err(Errno::NOSPC) } else { Ok(seat) }
}

pub(crate) fn openat<P: Arg, Fd: AsFd>(dir: Fd, path: P, flags: OFlags, mode: Mode) -> Result<OwnedFd> {
    let Some(seat) = moment("open")? else { return fs::openat(dir, path, flags, mode) };
    opened(&seat, &dir, &path, flags, || fs::openat(&dir, path.as_cow_c_str()?, flags, mode))
}

pub(crate) fn openat2<P: Arg, Fd: AsFd>(
    dir: Fd,
    path: P,
    flags: OFlags,
    mode: Mode,
    resolve: ResolveFlags,
) -> Result<OwnedFd> {
    let Some(seat) = moment("open")? else { return fs::openat2(dir, path, flags, mode, resolve) };
    opened(&seat, &dir, &path, flags, || fs::openat2(&dir, path.as_cow_c_str()?, flags, mode, resolve))
}

fn opened(
    seat: &Seat,
    dir: &impl AsFd,
    path: &impl Arg,
    flags: OFlags,
    open: impl FnOnce() -> Result<OwnedFd>,
) -> Result<OwnedFd> {
    if !flags.contains(OFlags::CREATE) {
        return open();
    }
    let place = Place::of(dir, path);
    let is_new = !place.exists();
    if is_new && seat.is_full() {
        return Err(Errno::NOSPC);
    }
    let file = open()?;
    if is_new {
        seat.disk(|disk, now| disk.made(&place, now));
    }
    Ok(file)
}

pub(crate) fn statat<P: Arg, Fd: AsFd>(dir: Fd, path: P, flags: AtFlags) -> Result<Stat> {
    let seat = moment("stat")?;
    let found = fs::statat(dir, path, flags)?;
    Ok(seat.map_or(found, |seat| seat.disk(|disk, now| disk.shown(found, now))))
}

pub(crate) fn fstat<Fd: AsFd>(file: Fd) -> Result<Stat> {
    let seat = moment("stat")?;
    let found = fs::fstat(file)?;
    Ok(seat.map_or(found, |seat| seat.disk(|disk, now| disk.shown(found, now))))
}

pub(crate) fn mkdirat<P: Arg, Fd: AsFd>(dir: Fd, path: P, mode: Mode) -> Result<()> {
    let Some(seat) = growing("mkdir")? else { return fs::mkdirat(dir, path, mode) };
    let place = Place::of(&dir, &path);
    fs::mkdirat(dir, path, mode)?;
    seat.disk(|disk, now| disk.made(&place, now));
    Ok(())
}

pub(crate) fn unlinkat<P: Arg, Fd: AsFd>(dir: Fd, path: P, flags: AtFlags) -> Result<()> {
    let Some(seat) = moment("unlink")? else { return fs::unlinkat(dir, path, flags) };
    let place = Place::of(&dir, &path);
    let before = seat.disk(|disk, _| disk.bury(&place));
    fs::unlinkat(dir, path, flags)?;
    seat.disk(|disk, _| disk.removed(&place, before));
    Ok(())
}

pub(crate) fn renameat<P: Arg, Q: Arg, Fd: AsFd, Gd: AsFd>(dir: Fd, path: P, to_dir: Gd, to: Q) -> Result<()> {
    let Some(seat) = growing("rename")? else { return fs::renameat(dir, path, to_dir, to) };
    let places = (Place::of(&dir, &path), Place::of(&to_dir, &to));
    let covered = seat.disk(|disk, _| disk.bury(&places.1));
    fs::renameat(dir, path, to_dir, to)?;
    seat.disk(|disk, now| disk.moved(&places, covered, now));
    seat.appeared(&places.1);
    Ok(())
}

pub(crate) fn renameat_with<P: Arg, Q: Arg, Fd: AsFd, Gd: AsFd>(
    dir: Fd,
    path: P,
    to_dir: Gd,
    to: Q,
    flags: RenameFlags,
) -> Result<()> {
    let Some(seat) = growing("rename")? else { return fs::renameat_with(dir, path, to_dir, to, flags) };
    let places = (Place::of(&dir, &path), Place::of(&to_dir, &to));
    fs::renameat_with(dir, path, to_dir, to, flags)?;
    if flags.contains(RenameFlags::EXCHANGE) {
        seat.disk(|disk, now| disk.swapped(&places, now));
        seat.appeared(&places.0);
    } else {
        seat.disk(|disk, now| disk.moved(&places, Seen::Nothing, now));
    }
    seat.appeared(&places.1);
    Ok(())
}

pub(crate) fn linkat<P: Arg, Q: Arg, Fd: AsFd, Gd: AsFd>(
    dir: Fd,
    path: P,
    to_dir: Gd,
    to: Q,
    flags: AtFlags,
) -> Result<()> {
    let Some(seat) = growing("link")? else { return fs::linkat(dir, path, to_dir, to, flags) };
    let place = Place::of(&to_dir, &to);
    fs::linkat(dir, path, to_dir, to, flags)?;
    seat.disk(|disk, now| disk.made(&place, now));
    seat.appeared(&place);
    Ok(())
}

pub(crate) fn symlinkat<P: Arg, Q: Arg, Fd: AsFd>(target: P, dir: Fd, path: Q) -> Result<()> {
    let Some(seat) = growing("symlink")? else { return fs::symlinkat(target, dir, path) };
    let place = Place::of(&dir, &path);
    fs::symlinkat(target, dir, path)?;
    seat.disk(|disk, now| disk.made(&place, now));
    Ok(())
}

pub(crate) fn readlinkat<P: Arg, Fd: AsFd>(dir: Fd, path: P, into: Vec<u8>) -> Result<CString> {
    moment("readlink")?;
    fs::readlinkat(dir, path, into)
}

pub(crate) fn utimensat<P: Arg, Fd: AsFd>(dir: Fd, path: P, times: &Timestamps, flags: AtFlags) -> Result<()> {
    let Some(seat) = moment("utimens")? else { return fs::utimensat(dir, path, times, flags) };
    let place = Place::of(&dir, &path);
    fs::utimensat(dir, path, times, flags)?;
    seat.disk(|disk, now| disk.dated_at(&place, nanoseconds(times), now));
    Ok(())
}

pub(crate) fn futimens<Fd: AsFd>(file: Fd, times: &Timestamps) -> Result<()> {
    let Some(seat) = moment("utimens")? else { return fs::futimens(file, times) };
    fs::futimens(&file, times)?;
    seat.disk(|disk, now| disk.dated(&file, Some(nanoseconds(times)), now));
    Ok(())
}

fn nanoseconds(times: &Timestamps) -> i128 {
    i128::from(times.last_modification.tv_sec) * 1_000_000_000 + i128::from(times.last_modification.tv_nsec)
}

pub(crate) fn fchmod<Fd: AsFd>(file: Fd, mode: Mode) -> Result<()> {
    let Some(seat) = moment("chmod")? else { return fs::fchmod(file, mode) };
    fs::fchmod(&file, mode)?;
    seat.disk(|disk, now| disk.dated(&file, None, now));
    Ok(())
}

pub(crate) fn fallocate<Fd: AsFd>(file: Fd, flags: FallocateFlags, offset: u64, length: u64) -> Result<()> {
    growing("allocate")?;
    fs::fallocate(file, flags, offset, length)
}

pub(crate) fn syncfs<Fd: AsFd>(folder: Fd) -> Result<()> {
    let Some(seat) = moment("syncfs")? else { return fs::syncfs(folder) };
    seat.disk(|disk, _| disk.synced());
    Ok(())
}

pub(crate) fn fsync(file: &File) -> std::io::Result<()> {
    let Some(seat) = moment("fsync")? else { return file.sync_all() };
    seat.disk(|disk, _| disk.synced_one(file));
    Ok(())
}

pub(crate) fn read(mut file: &File, into: &mut [u8]) -> std::io::Result<usize> {
    let Some(seat) = moment("read")? else { return file.read(into) };
    let most = seat.mouthful(into.len());
    file.read(&mut into[..most])
}

pub(crate) fn read_at(file: &File, into: &mut [u8], offset: u64) -> std::io::Result<usize> {
    let Some(seat) = moment("read")? else { return file.read_at(into, offset) };
    let most = seat.mouthful(into.len());
    file.read_at(&mut into[..most], offset)
}

pub(crate) fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> std::io::Result<()> {
    let Some(seat) = growing("write")? else { return file.write_all_at(bytes, offset) };
    let half = bytes.len() / 2;
    for (at, some) in [(0, &bytes[..half]), (half, &bytes[half..])] {
        file.write_all_at(some, offset + at as u64)?;
        seat.disk(|disk, now| disk.written(file, now));
        growing("write on")?;
    }
    Ok(())
}

/// Only [`fsync`] makes sure.
pub(crate) fn begin_to_write(_file: &File, _offset: u64, _length: u64) {}

pub(crate) fn copy_range(from: &File, to: &File, (start, length): (u64, u64)) -> std::io::Result<()> {
    let mut bytes = [0; 64];
    let mut done = 0;
    while done < length {
        let most = usize::try_from(length - done).map_or(bytes.len(), |left| left.min(bytes.len()));
        let read = read_at(from, &mut bytes[..most], start + done)?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        write_all_at(to, &bytes[..read], start + done)?;
        done += read as u64;
    }
    Ok(())
}

pub(crate) fn now() -> SystemTime {
    let Some(seat) = seat() else { return SystemTime::now() };
    UNIX_EPOCH + Duration::from_nanos(u64::try_from(seat.now_ns()).unwrap_or_default())
}

pub(crate) fn sleep(time: Duration) {
    match seat() {
        Some(seat) => seat.wait(time),
        None => std::thread::sleep(time),
    }
}
