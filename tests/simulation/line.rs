//! A machine's line to the bucket: what can go wrong on the way there and back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use md5::{Digest, Md5};

use super::bucket::{Bucket, Upload};
use super::seat::Seat;
use super::world::World;
use crate::checksum::Checksum;
use crate::content::{ETag, to_hex};
use crate::remote::guarded::Unconditional;
use crate::remote::{
    Body, Cursor, Deletion, Error, Expect, GetOptions, Got, Metadata, ObjectInfo, ObjectStore, Page, Part, Unfinished,
    Written,
};

/// What goes wrong with a request.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// Nothing is applied.
    Refused(Error),
    /// It is applied, and nobody hears of it.
    Unheard,
    /// It is applied, its answer is lost, and it is sent again.
    SentTwice,
    /// It is applied later, after its sender has given it up.
    Late,
    /// The body of the answer breaks off.
    BrokenOff,
    /// The body of the answer arrives with a bit turned over.
    Turned,
}

/// One machine's line to the bucket.
pub(super) struct Line(pub(super) Arc<Seat>);

impl Line {
    /// A request that changes something.
    async fn write<T: 'static>(
        &self,
        what: &'static str,
        name: &str,
        apply: impl Fn(&mut Bucket) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        match self.send(what, name).await? {
            None | Some(Fault::BrokenOff | Fault::Turned) => apply(&mut self.0.world().bucket),
            Some(Fault::Refused(error)) => Err(error),
            Some(Fault::Unheard) => {
                let mut world = self.0.world();
                let _ = apply(&mut world.bucket);
                world.unsure(name);
                Err(Error::Network("the answer was lost".to_owned()))
            }
            Some(Fault::SentTwice) => {
                let mut world = self.0.world();
                let _ = apply(&mut world.bucket);
                world.unsure(name);
                apply(&mut world.bucket)
            }
            Some(Fault::Late) => {
                let mut world = self.0.world();
                let (machine, late) = (self.0.machine, name.to_owned());
                world.note(|| format!("machine {machine}: {what} {late} is late"));
                world.bucket.late.push(Box::new(move |bucket| drop(apply(bucket))));
                Err(Error::Network("it took too long".to_owned()))
            }
        }
    }

    async fn read<T>(
        &self,
        what: &'static str,
        name: &str,
        read: impl FnOnce(&World) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match self.send(what, name).await? {
            Some(Fault::Refused(error)) => Err(error),
            Some(Fault::Unheard | Fault::Late) => Err(Error::Network("no answer".to_owned())),
            _ => read(&self.0.world()),
        }
    }

    /// The way there: other requests of the machine may be faster, and the machine may not live to see the answer.
    async fn send(&self, what: &'static str, name: &str) -> Result<Option<Fault>, Error> {
        let wait = self.0.world().latency();
        tokio::time::sleep(Duration::from_millis(wait)).await;
        let dead = |_| Error::Network("this machine is dead".to_owned());
        self.0.moment(what).map_err(dead)?;
        let mut world = self.0.world();
        world.time += i128::from(wait) * 1_000_000;
        world.set_server_clock();
        *world.bucket.requests.entry(what).or_default() += 1;
        let fault = world.fault(self.0.machine);
        let machine = self.0.machine;
        world.note(|| {
            format!(
                "machine {machine}: {what} {name}{}",
                fault.as_ref().map(|f| format!(": {f:?}")).unwrap_or_default()
            )
        });
        drop(world);
        Ok(fault)
    }
}

/// The bytes of an answer.
pub(super) struct Bytewise {
    line: Arc<Seat>,
    rest: Bytes,
    breaks: bool,
}

impl Body for Bytewise {
    async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        self.line.moment("chunk").map_err(|_| Error::Network("this machine is dead".to_owned()))?;
        if self.breaks && self.rest.len() < 24 {
            return Err(Error::Network("the connection broke".to_owned()));
        }
        let next = self.rest.split_to(self.rest.len().min(40));
        Ok((!next.is_empty()).then_some(next))
    }
}

impl ObjectStore for Line {
    type Body = Bytewise;

    async fn list(&self, start: Option<&Cursor>, limit: u16) -> Result<Page, Error> {
        self.read("list", "", |world| Ok(world.bucket.list(start, limit.into()))).await
    }

    async fn head(&self, name: &str) -> Result<ObjectInfo, Error> {
        self.read("head", name, |world| Ok(world.bucket.objects.get(name).ok_or(Error::NotFound)?.info())).await
    }

    async fn get(&self, name: &str, options: GetOptions) -> Result<Got<Bytewise>, Error> {
        let fault = match self.send("get", name).await? {
            Some(Fault::Refused(error)) => return Err(error),
            Some(Fault::Unheard | Fault::Late) => return Err(Error::Network("no answer".to_owned())),
            fault => fault,
        };
        let mut world = self.0.world();
        let there = world.bucket.objects.get(name).ok_or(Error::NotFound)?;
        if options.if_match.is_some_and(|wanted| wanted != there.etag) {
            return Err(Error::Precondition);
        }
        if options.if_none_match.is_some_and(|known| known == there.etag) {
            return Ok(Got::NotModified);
        }
        let info = there.info();
        let mut rest = there.bytes.clone();
        if let Some((start, length)) = options.range {
            let start = usize::try_from(start).unwrap().min(rest.len());
            rest = rest.slice(start..rest.len().min(start + usize::try_from(length).unwrap()));
        }
        if matches!(fault, Some(Fault::Turned)) && !rest.is_empty() {
            let mut bytes = rest.to_vec();
            let at = world.dice.roll(bytes.len());
            bytes[at] ^= 1 << world.dice.roll(8);
            rest = bytes.into();
        }
        let breaks = matches!(fault, Some(Fault::BrokenOff));
        Ok(Got::Object(info, Bytewise { line: Arc::clone(&self.0), rest, breaks }))
    }

    async fn put(&self, name: &str, body: Bytes, metadata: &Metadata, expect: &Expect) -> Result<Written, Error> {
        self.0.world().look_at_upload(name, &body);
        let (to, metadata, expect) = (name.to_owned(), metadata.clone(), expect.clone());
        self.write("put", name, move |bucket| bucket.put(&to, body.clone(), metadata.clone(), &expect)).await
    }

    async fn copy(
        &self,
        (source, etag): (&str, &ETag),
        name: &str,
        metadata: Option<&Metadata>,
        expect: &Expect,
    ) -> Result<Written, Error> {
        let (from, etag, to, expect) = (source.to_owned(), etag.clone(), name.to_owned(), expect.clone());
        let metadata = metadata.cloned();
        self.write("copy", name, move |bucket| bucket.copy((&from, &etag), &to, metadata.as_ref(), &expect)).await
    }

    async fn delete(&self, deletions: &[Deletion]) -> Vec<Result<(), Error>> {
        let names: Vec<&str> = deletions.iter().map(|deletion| &*deletion.name).collect();
        let all = deletions.to_vec();
        let apply = move |bucket: &mut Bucket| {
            Ok(all.iter().map(|deletion| bucket.delete(&deletion.name, &deletion.etag)).collect::<Vec<_>>())
        };
        match self.write("delete", &names.join(" "), apply).await {
            Ok(results) => results,
            Err(error) => vec![Err(error); deletions.len()],
        }
    }

    async fn begin_upload(&self, name: &str, metadata: &Metadata) -> Result<String, Error> {
        let metadata = metadata.clone();
        let begin = move |bucket: &mut Bucket| {
            bucket.made += 1;
            let id = format!("upload-{}", bucket.made);
            bucket.uploads.insert(id.clone(), Upload { metadata: metadata.clone(), parts: BTreeMap::new() });
            Ok(id)
        };
        let id = self.write("begin", name, begin).await?;
        self.0.world().begun.insert(id.clone(), self.0.machine);
        Ok(id)
    }

    async fn upload_part(&self, name: &str, upload: &str, number: u32, body: Bytes) -> Result<ETag, Error> {
        let id = upload.to_owned();
        let part = move |bucket: &mut Bucket| {
            let upload = bucket.uploads.get_mut(&id).ok_or(Error::NotFound)?;
            upload.parts.insert(number, body.clone());
            Ok(ETag::new(&to_hex(&Md5::digest(&body))))
        };
        self.write("part", name, part).await
    }

    async fn copy_part(
        &self,
        (source, etag): (&str, &ETag),
        (start, length): (u64, u64),
        name: &str,
        (upload, number): (&str, u32),
    ) -> Result<ETag, Error> {
        let (from, etag, id) = (source.to_owned(), etag.clone(), upload.to_owned());
        let range = usize::try_from(start).unwrap()..usize::try_from(start + length).unwrap();
        let part = move |bucket: &mut Bucket| {
            let there = bucket.objects.get(&from).filter(|there| there.etag == etag).ok_or(Error::Precondition)?;
            let body = there.bytes.slice(range.clone());
            let upload = bucket.uploads.get_mut(&id).ok_or(Error::NotFound)?;
            upload.parts.insert(number, body.clone());
            Ok(ETag::new(&to_hex(&Md5::digest(&body))))
        };
        self.write("copy-part", name, part).await
    }

    async fn complete_upload(
        &self,
        name: &str,
        upload: &str,
        (parts, checksum): (&[ETag], Option<Checksum>),
        expect: &Expect,
    ) -> Result<Written, Error> {
        let (to, id, parts, expect) = (name.to_owned(), upload.to_owned(), parts.len(), expect.clone());
        let complete = move |bucket: &mut Bucket| bucket.complete((&to, &id), (parts, checksum), &expect);
        let written = self.write("complete", name, complete).await?;
        let mut world = self.0.world();
        let body =
            world.bucket.objects.get(name).filter(|there| there.etag == written.etag).map(|there| there.bytes.clone());
        if let Some(body) = body {
            world.look_at_upload(name, &body);
        }
        Ok(written)
    }

    async fn abort_upload(&self, name: &str, upload: &str) -> Result<(), Error> {
        let id = upload.to_owned();
        self.write("abort", name, move |bucket| {
            bucket.uploads.remove(&id);
            Ok(())
        })
        .await
    }

    async fn list_parts(&self, name: &str, upload: &str) -> Result<Vec<Part>, Error> {
        let list = |world: &World| {
            let parts = &world.bucket.uploads.get(upload).ok_or(Error::NotFound)?.parts;
            let part = |(number, body): (&u32, &Bytes)| Part {
                number: *number,
                size: body.len() as u64,
                etag: ETag::new(&to_hex(&Md5::digest(body))),
            };
            Ok(parts.iter().map(part).collect())
        };
        self.read("parts", name, list).await
    }

    async fn list_uploads(&self) -> Result<Vec<Unfinished>, Error> {
        Err(Error::NotImplemented("nobody verifies here".to_owned()))
    }
}

/// What [`Guarded`](crate::remote::Guarded) does on a server without conditions.
impl Unconditional for Line {
    async fn put_regardless(&self, name: &str, body: Bytes, metadata: &Metadata) -> Result<Written, Error> {
        self.0.world().look_at_upload(name, &body);
        let (to, metadata) = (name.to_owned(), metadata.clone());
        self.write("put", name, move |bucket| Ok(bucket.write(&to, body.clone(), metadata.clone()))).await
    }

    async fn copy_regardless(
        &self,
        (source, etag): (&str, &ETag),
        name: &str,
        metadata: Option<&Metadata>,
    ) -> Result<Written, Error> {
        let (from, etag, to, metadata) = (source.to_owned(), etag.clone(), name.to_owned(), metadata.cloned());
        let copy = move |bucket: &mut Bucket| {
            let there = bucket.objects.get(&from).filter(|there| there.etag == etag).ok_or(Error::Precondition)?;
            let (bytes, metadata) = (there.bytes.clone(), metadata.as_ref().unwrap_or(&there.metadata).clone());
            Ok(bucket.write(&to, bytes, metadata))
        };
        self.write("copy", name, copy).await
    }

    async fn complete_regardless(
        &self,
        name: &str,
        upload: &str,
        (parts, _): (&[ETag], Option<Checksum>),
    ) -> Result<Written, Error> {
        let (to, id, parts) = (name.to_owned(), upload.to_owned(), parts.len());
        self.write("complete", name, move |bucket| {
            let upload = bucket.uploads.remove(&id).ok_or(Error::Conflict)?;
            assert_eq!(parts, upload.parts.len(), "{to}: other parts than were uploaded");
            let bytes: Vec<u8> = upload.parts.into_values().flatten().collect();
            Ok(bucket.write(&to, bytes.into(), upload.metadata))
        })
        .await
    }

    async fn delete_regardless(&self, names: &[&str]) -> Vec<Result<(), Error>> {
        let all: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let delete = move |bucket: &mut Bucket| {
            all.iter().for_each(|name| drop(bucket.objects.remove(name)));
            Ok(())
        };
        let deleted = self.write("delete", &names.join(" "), delete).await;
        names.iter().map(|_| deleted.clone()).collect()
    }
}
