//! Big objects come in ranges, several at a time; what has come whole from the beginning on is summed up beside the rest.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt, TryStreamExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::try_join;

use super::pull::{Fetched, Verdict, check_length, checked};
use super::resume::Download;
use super::{ATTEMPTS, Carrier, Failure, PARTS_IN_FLIGHT};
use crate::blocking::blocking;
use crate::checksum::Crc64;
use crate::content::{ETag, Sha256, is_link};
use crate::local::{self, Hasher, Staged, Summing};
use crate::reconcile::{Item, Remote};
use crate::remote::{self, Body, GetOptions, Got, ObjectInfo, ObjectStore};

/// A range is there, whole.
struct Arrival {
    /// Its first byte.
    start: u64,
    /// What the server says of the object, if it came from there.
    info: Option<ObjectInfo>,
}

impl<S: ObjectStore> Carrier<S> {
    /// A big object, in ranges of that very version, each written where it belongs as it comes. What an earlier run has fetched of
    /// it is not fetched again, unless the whole turns out to be wrong.
    pub(super) async fn fetch_parts(
        &self,
        item: &Item,
        there: &Remote,
        every_witness: bool,
        whole: bool,
    ) -> Result<Fetched, Failure> {
        let download = self.go_on_with_download(&item.key, there)?;
        let missing = if whole { None } else { self.take_over(item, there, &download.staged).await? };
        let is_patched = missing.is_some();
        let ranges = missing.unwrap_or_else(|| self.cut.parts(there.size).collect());
        let missing = ranges.iter().map(|(start, _)| *start).collect();
        let (arrive, arrivals) = unbounded_channel();
        let summing = self.sum_up_behind(item, there, (missing, arrivals), &download.staged, every_witness);
        let fetching = self.fetch_ranges(item, there, &download, ranges, arrive);
        let ((info, bytes), summing) = try_join!(fetching, summing)?;
        let proven = match self.prove(item, &info, &download.staged, every_witness, summing).await {
            Ok((_, _, Verdict { proven: false, .. })) if is_patched => {
                let what = "nothing shows that it is the object's content, which was put together of two versions";
                Err(remote::Error::Damaged(what.to_owned()).into())
            }
            proven => proven,
        };
        let Download { mut staged, mut record, .. } = download;
        let is_wrong = matches!(
            proven,
            Err(Failure::Remote(remote::Error::Damaged(_))) | Ok((_, _, Verdict { doubtful: true, .. }))
        );
        if is_wrong && let Some(record) = record.take() {
            // The next attempt is to go on from nothing of it.
            staged.goes();
            record.remove();
        }
        let (sha256, blocks, verdict) = proven?;
        Ok(Fetched { staged, info, sha256, bytes, blocks, record, verdict })
    }

    /// Fetches the ranges that are not there; returns what the object is, and how many bytes came.
    async fn fetch_ranges(
        &self,
        item: &Item,
        there: &Remote,
        download: &Download,
        ranges: Vec<(u64, u64)>,
        arrive: UnboundedSender<Arrival>,
    ) -> Result<(ObjectInfo, u64), Failure> {
        let arrive = &arrive;
        let range = |start: u64, length: u64| async move {
            if download.has((start, length)).await {
                self.progress.moved(&item.key, length);
                // Nobody listens any more when it could not be summed up, and that is the error then.
                let _ = arrive.send(Arrival { start, info: None });
                return Ok::<_, Failure>((None, 0));
            }
            let mut attempt = 1;
            loop {
                match self.fetch_part(item, &there.etag, (start, length), &download.staged).await {
                    Err(Failure::Remote(remote::Error::Damaged(_) | remote::Error::Network(_)))
                        if attempt < ATTEMPTS =>
                    {
                        tokio::time::sleep(self.ambient.jitter(attempt)).await;
                        attempt += 1;
                    }
                    ended => {
                        let (info, crc64) = ended?;
                        download.note((start, length), crc64);
                        let _ = arrive.send(Arrival { start, info: Some(info.clone()) });
                        return Ok((Some(info), length));
                    }
                }
            }
        };
        let ranges = ranges.into_iter().map(|(start, length)| range(start, length));
        let arrived: Vec<(Option<ObjectInfo>, u64)> =
            stream::iter(ranges).buffer_unordered(PARTS_IN_FLIGHT).try_collect().await?;
        let bytes = arrived.iter().map(|(_, bytes)| bytes).sum();
        let info = match arrived.into_iter().find_map(|(info, _)| info) {
            Some(info) => info,
            // All of it was there already.
            None => self.store.head(item.key.as_str()).await?,
        };
        if info.etag == there.etag { Ok((info, bytes)) } else { Err(Failure::Changed) }
    }

    /// Sums up what has arrived, from the beginning on as far as nothing is `missing`, while the rest arrives. What is summed up
    /// already the disk may begin to write. `None`: nothing was known of the object meanwhile.
    async fn sum_up_behind(
        &self,
        item: &Item,
        there: &Remote,
        (mut missing, mut arrivals): (BTreeSet<u64>, UnboundedReceiver<Arrival>),
        staged: &Staged,
        every_witness: bool,
    ) -> Result<Option<Summing>, Failure> {
        let mut summing = None;
        while let Some(Arrival { start, info }) = arrivals.recv().await {
            missing.remove(&start);
            if summing.is_none()
                && let Some(info) = info
            {
                summing = Some(self.begin_sums(item, &info, staged, every_witness)?);
            }
            let whole_to = missing.first().copied().unwrap_or(there.size);
            if let Some(mut going) = summing.take_if(|summing| summing.position() < whole_to) {
                let read = blocking(move || going.read_to(whole_to).map(|()| going)).await;
                summing = Some(read?);
            }
        }
        Ok(summing)
    }

    fn begin_sums(
        &self,
        item: &Item,
        info: &ObjectInfo,
        staged: &Staged,
        every_witness: bool,
    ) -> Result<Summing, Failure> {
        let witness = (every_witness || info.metadata.sha256.is_none()).then_some(&info.etag);
        let block = (info.size >= self.cut.delta).then_some(self.cut.block);
        let path = self.folder.path_of(&item.key);
        Ok(Summing::begin((staged.open()?, path), (info.size, block), Some(Hasher::new(info.size, witness))))
    }

    /// Judges what arrived in ranges by whatever is known of the object.
    async fn prove(
        &self,
        item: &Item,
        info: &ObjectInfo,
        staged: &Staged,
        every_witness: bool,
        summing: Option<Summing>,
    ) -> Result<(Sha256, Option<String>, Verdict), Failure> {
        let summing = match summing {
            Some(summing) => summing,
            None => self.begin_sums(item, info, staged, every_witness)?,
        };
        let summed = blocking(move || summing.finish()).await?;
        let content = summed.content.ok_or(Failure::Changed)?;
        let blocks = summed.blocks.map(|blocks| blocks.text(content.sha256));
        let mut verdict = checked(item, info, content)?;
        if !verdict.proven && self.compare(item.key.as_str(), info, staged).await? {
            verdict.doubtful = false;
        }
        Ok((content.sha256, blocks, verdict))
    }

    /// Compares what arrived in ranges, and has nothing else to go by, with the checksum that the server keeps of the whole:
    /// whether there is one.
    async fn compare(&self, name: &str, info: &ObjectInfo, staged: &Staged) -> Result<bool, Failure> {
        let Some(checksum) = self.store.checksum(name, &info.etag).await? else { return Ok(false) };
        let (copy, path) = (staged.open()?, self.folder.path().join(name));
        let compared = move || local::compare_open(&copy, checksum).map_err(|source| local::Error::Io { path, source });
        if blocking(compared).await? {
            return Ok(true);
        }
        Err(remote::Error::Damaged("what arrived has another checksum than the object".to_owned()).into())
    }

    async fn fetch_part(
        &self,
        item: &Item,
        etag: &ETag,
        (start, length): (u64, u64),
        file: &Staged,
    ) -> Result<(ObjectInfo, u64), Failure> {
        if self.cancel.is_cancelled() {
            return Err(Failure::Interrupted);
        }
        let options = GetOptions { range: Some((start, length)), if_match: Some(etag.clone()), if_none_match: None };
        let Got::Object(info, mut body) = self.store.get(item.key.as_str(), options).await? else {
            return Err(Failure::Changed);
        };
        // A server that ignores the condition must not have two versions mixed.
        if info.etag != *etag {
            return Err(Failure::Changed);
        }
        if info.metadata.mode.is_some_and(is_link) {
            self.expect_link(&item.key, info.size)?;
        }
        let (mut arrived, mut crc) = (0, Crc64::default());
        while let Some(chunk) = body.chunk().await? {
            file.write_at(start + arrived, &chunk)?;
            crc.update(&chunk);
            arrived += chunk.len() as u64;
            self.progress.moved(&item.key, chunk.len() as u64);
        }
        check_length(arrived, length)?;
        Ok((info, crc.finish()))
    }
}
