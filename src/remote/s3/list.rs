//! LIST: the request, and its answer read by [`super::rows`] in place of the SDK's reader.
//!
//! The SDK makes the request, signs it and sends it again as always; only what reads the answer is another. What that one finds
//! odd, and every answer that is no success, goes to the SDK's own reader.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use aws_sdk_s3::config::interceptors::BeforeSerializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::operation::list_objects_v2::{ListObjectsV2, ListObjectsV2Output};
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat, SdkBody};
use aws_sdk_s3::types::{EncodingType, Object};
use aws_smithy_runtime_api::client::interceptors::context::{Error as AnyError, Output};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin as _;
use aws_smithy_runtime_api::client::ser_de::{DeserializeResponse, SharedResponseDeserializer};
use aws_smithy_types::config_bag::FrozenLayer;
use s4_commands::time::Seconds;

use super::super::counts::Class;
use super::super::{Cursor, Error, Listed, Page, S3Uri};
use super::rows::{self, Odd, Row};
use super::{S3Store, lacks, text};
use crate::content::ETag;

impl S3Store {
    pub(super) async fn list_once(&self, start: Option<&Cursor>, limit: u16) -> Result<Page, Error> {
        let prefix = self.uri.full("");
        let (start_after, token) = match start {
            None => (None, None),
            Some(Cursor::After(name)) => (Some(self.uri.full(name)), None),
            Some(Cursor::Token(token)) => (None, Some(token.clone())),
        };
        self.counts.request(Class::List);
        let request = self
            .client
            .list_objects_v2()
            .bucket(self.uri.bucket())
            .set_prefix(Some(prefix.clone()).filter(|prefix| !prefix.is_empty()))
            .set_start_after(start_after.filter(|full| !full.is_empty()))
            .set_continuation_token(token)
            .max_keys(i32::from(limit))
            .encoding_type(EncodingType::Url);
        let reader = Reader { uri: self.uri.clone(), by_sdk: self.settings.sdk_lists, page: Arc::default() };
        let page = Arc::clone(&reader.page);
        request.customize().interceptor(reader).send().await.map_err(self.failed("list", &prefix))?;
        let read = page.lock().unwrap_or_else(PoisonError::into_inner).take();
        let read = read.unwrap_or_else(|| Err(Error::Damaged("the server's listing cannot be read".to_owned())));
        self.counts.list(read.as_ref().map_or(0, |page| page.objects.len()));
        read
    }
}

/// Reads the answer to one request, and keeps the page.
#[derive(Clone, Debug)]
struct Reader {
    uri: S3Uri,
    /// Whether the SDK's own reader is to do it.
    by_sdk: bool,
    page: Arc<Mutex<Option<Result<Page, Error>>>>,
}

impl Intercept for Reader {
    fn name(&self) -> &'static str {
        "Reader"
    }

    /// Puts this reader in front of the SDK's own.
    fn read_before_execution(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().store_put(SharedResponseDeserializer::new(self.clone()));
        Ok(())
    }
}

impl DeserializeResponse for Reader {
    fn deserialize_nonstreaming_with_config(
        &self,
        response: &HttpResponse,
        config: &ConfigBag,
    ) -> Result<Output, OrchestratorError<AnyError>> {
        let sdk = || match sdk_reader() {
            Some(reader) => reader.deserialize_nonstreaming_with_config(response, config),
            None => Err(OrchestratorError::other("the SDK has no reader of listings")),
        };
        let Some(body) = response.body().bytes().filter(|_| response.status().is_success()) else { return sdk() };
        let (page, output) = match rows::read(body) {
            Ok(answer) if !self.by_sdk => (page_of(&self.uri, &answer), ListObjectsV2Output::builder().build()),
            Err(Odd::CutOff) if is_listing(body) => return Err(OrchestratorError::other("the listing breaks off")),
            _ => {
                let output = sdk()?.downcast::<ListObjectsV2Output>();
                let output = output.map_err(|_| OrchestratorError::other("the SDK has read something else"))?;
                if !rows::is_whole(body, output.contents().len()) {
                    return Err(OrchestratorError::other("the listing breaks off"));
                }
                (page_of(&self.uri, &rows_of(&output)), output)
            }
        };
        *self.page.lock().unwrap_or_else(PoisonError::into_inner) = Some(page);
        Ok(Output::erase(output))
    }
}

/// Whether an answer is one to a LIST: another may be an error that was sent with a good status.
fn is_listing(body: &[u8]) -> bool {
    memchr::memmem::find(body, b"<ListBucketResult").is_some()
}

/// Reads an answer to a LIST of `uri`; `None` for one that has not the plain form.
pub fn read_page(uri: &S3Uri, answer: &[u8]) -> Option<Result<Page, Error>> {
    Some(page_of(uri, &rows::read(answer).ok()?))
}

/// As [`read_page`], by the SDK's reader: what the other is held against. `None` for what the SDK cannot read.
pub fn read_page_by_sdk(uri: &S3Uri, answer: &[u8]) -> Option<Result<Page, Error>> {
    let response = HttpResponse::new(200.try_into().ok()?, SdkBody::from(answer));
    let output = sdk_reader()?.deserialize_nonstreaming_with_config(&response, &ConfigBag::base()).ok()?;
    Some(page_of(uri, &rows_of(&output.downcast::<ListObjectsV2Output>().ok()?)))
}

/// The SDK's own reader.
fn sdk_reader() -> Option<&'static SharedResponseDeserializer> {
    static CONFIG: LazyLock<Option<FrozenLayer>> = LazyLock::new(|| ListObjectsV2::new().config());
    CONFIG.as_ref()?.load::<SharedResponseDeserializer>()
}

/// What the SDK has read, as [`rows`] would have.
fn rows_of(answer: &ListObjectsV2Output) -> rows::Answer<'_> {
    let row = |object: &'_ Object| Row {
        key: Some(object.key().unwrap_or_default().to_owned().into()),
        size: object.size(),
        etag: object.e_tag().map(|etag| etag.to_owned().into()),
        last_modified: object.last_modified().and_then(|time| Some(time.fmt(DateTimeFormat::DateTime).ok()?.into())),
    };
    rows::Answer {
        rows: answer.contents().iter().map(row).collect(),
        encoded: answer.encoding_type() == Some(&EncodingType::Url),
        truncated: answer.is_truncated() == Some(true),
        token: answer.next_continuation_token().map(str::to_owned),
    }
}

fn page_of(uri: &S3Uri, answer: &rows::Answer<'_>) -> Result<Page, Error> {
    let listed = answer.rows.iter().map(|row| listed(uri, row, answer.encoded));
    let mut objects = listed.collect::<Result<Vec<Listed>, Error>>()?;
    let next = if answer.truncated { Some(next_page(answer.token.clone(), &objects)?) } else { None };
    // The prefix's own folder marker, which consoles make, is no name below the prefix.
    objects.retain(|object| !object.name.is_empty());
    Ok(Page { objects, next })
}

/// One row of a listing, its name decoded and below the prefix.
fn listed(uri: &S3Uri, row: &Row<'_>, encoded: bool) -> Result<Listed, Error> {
    let raw = row.key.as_deref().unwrap_or_default();
    let full = if encoded { text::decode(raw) } else { Some(Cow::Borrowed(raw)) };
    let full = full.ok_or_else(|| Error::Damaged(format!("a listing has the unreadable name '{raw}'")))?;
    let Some(name) = uri.below(&full) else {
        return Err(Error::Damaged(format!("a listing of {uri} has '{full}', which is not below it")));
    };
    Ok(Listed {
        name: name.into(),
        size: row.size.and_then(|size| size.try_into().ok()).ok_or_else(|| lacks("size"))?,
        etag: ETag::new(row.etag.as_deref().ok_or_else(|| lacks("ETag"))?),
        last_modified: row.last_modified.as_deref().and_then(seconds).ok_or_else(|| lacks("Last-Modified"))?,
    })
}

/// Whole seconds: a fraction is cut off.
fn seconds(time: &str) -> Option<i64> {
    // What all servers send is read in a tenth of the time.
    let plain = || Some(time.parse::<Seconds>().ok()?.0);
    plain().or_else(|| Some(DateTime::from_str(time, DateTimeFormat::DateTimeWithOffset).ok()?.secs()))
}

/// Where the page after one with `objects` begins. A token that has lost a character on its way through XML (SeaweedFS
/// makes tokens of names) would silently leave out the rest of the listing: there the last name has to do.
fn next_page(token: Option<String>, objects: &[Listed]) -> Result<Cursor, Error> {
    let lossy = |token: &String| token.contains(char::REPLACEMENT_CHARACTER);
    match (token.filter(|token| !lossy(token)), objects.last()) {
        (Some(token), _) => Ok(Cursor::Token(token)),
        (None, Some(last)) => Ok(Cursor::After(last.name.to_string())),
        (None, None) => Err(Error::Damaged("the server's listing stops in its middle".into())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Whether ours reads an answer. It may find it odd, but must not read anything else than the SDK's.
    fn agree(uri: &S3Uri, xml: &str) -> bool {
        let Some(ours) = read_page(uri, xml.as_bytes()) else { return false };
        match (ours, read_page_by_sdk(uri, xml.as_bytes()).expect("the SDK cannot read it")) {
            (Ok(ours), Ok(sdks)) => assert_eq!((ours.objects, ours.next), (sdks.objects, sdks.next), "{xml}"),
            (Err(ours), Err(sdks)) => assert_eq!(ours.to_string(), sdks.to_string(), "{xml}"),
            (ours, sdks) => panic!("{xml}\n{ours:?}\n{sdks:?}"),
        }
        true
    }

    /// Pieces that answers are made of, good ones and bad ones.
    fn pieces() -> impl Strategy<Value = String> {
        let name = "[a-c%+&;#x2-7F/é ]{0,6}";
        let inside = prop_oneof![
            6 => name.prop_map(|key| format!("<Key>p/{key}</Key>")),
            4 => Just("<Size>12</Size>".to_owned()),
            1 => "[-0-9+. ]{0,3}".prop_map(|size| format!("<Size>{size}</Size>")),
            4 => Just("<ETag>&quot;0a&quot;</ETag><LastModified>2026-01-02T03:04:05.678Z</LastModified>".to_owned()),
            1 => Just("<ETag>x</ETag><LastModified>2026-01-02T03:04:05+01:00</LastModified>".to_owned()),
            1 => Just("<Owner><ID>1</ID><Key>no</Key></Owner>".to_owned()),
            1 => Just("<ChecksumAlgorithm>CRC32</ChecksumAlgorithm>".to_owned()),
            1 => Just("<!-- no --> ".to_owned()),
        ];
        let row = proptest::collection::vec(inside, 0..5);
        prop_oneof![
            6 => row.prop_map(|inside| format!("<Contents>{}</Contents>", inside.concat())),
            1 => Just("<IsTruncated>true</IsTruncated>".to_owned()),
            1 => Just("<IsTruncated>false</IsTruncated>".to_owned()),
            2 => Just("<EncodingType>url</EncodingType>".to_owned()),
            1 => name.prop_map(|token| format!("<NextContinuationToken>{token}</NextContinuationToken>")),
            1 => Just("<Prefix/><KeyCount>1</KeyCount><CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes>".to_owned()),
            1 => Just("\n  ".to_owned()),
        ]
    }

    proptest! {
        #[test]
        fn both_readers_read_the_same(pieces in proptest::collection::vec(pieces(), 0..8), cut in 0_usize..2_000) {
            let uri = S3Uri::parse("s3://bucket/p").unwrap();
            let xml = format!("<?xml version=\"1.0\"?><ListBucketResult xmlns=\"x\">{}</ListBucketResult>", pieces.concat());
            agree(&uri, &xml);
            let cut = (0..=cut.min(xml.len())).rev().find(|at| xml.is_char_boundary(*at)).unwrap();
            prop_assert!(cut == xml.len() || !agree(&uri, &xml[..cut]));
        }
    }

    #[test]
    fn a_usual_answer_is_read_by_ours() {
        let row = "<Contents><Key>p/a+b</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>\
                   <ETag>&quot;0a&quot;</ETag><Size>1</Size><StorageClass>STANDARD</StorageClass></Contents>";
        let xml = format!("<ListBucketResult><EncodingType>url</EncodingType>{row}{row}</ListBucketResult>");
        assert!(agree(&S3Uri::parse("s3://bucket/p").unwrap(), &xml));
    }

    #[test]
    fn an_answer_that_breaks_off_is_an_error_whoever_reads_it() {
        let uri = S3Uri::parse("s3://bucket/p").unwrap();
        let row = "<Contents><Key>p/a</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>\
                   <ETag>x</ETag><Size>1</Size></Contents>";
        let plain = format!("<ListBucketResult><IsTruncated>true</IsTruncated>{row}{row}</ListBucketResult>");
        let odd = plain.replace("<Contents>", "<!-- odd --><Contents>");
        for (xml, by_sdk) in [(&plain, false), (&plain, true), (&odd, false), (&odd, true)] {
            let read = |xml: &str| {
                let reader = Reader { uri: uri.clone(), by_sdk, page: Arc::default() };
                let response = HttpResponse::new(200.try_into().unwrap(), SdkBody::from(xml));
                let read = reader.deserialize_nonstreaming_with_config(&response, &ConfigBag::base());
                read.map(|_| reader.page.lock().unwrap().take())
            };
            // Without a token, and of two rows.
            assert!(matches!(read(xml), Ok(Some(Ok(page))) if page.objects.len() == 2), "{xml}");
            for end in 0..xml.len() {
                assert!(read(&xml[..end]).is_err(), "{}", &xml[..end]);
            }
        }
    }

    #[test]
    fn times_are_read_with_and_without_an_offset() {
        assert_eq!(seconds("1970-01-01T00:00:01.999Z"), Some(1));
        assert_eq!(seconds("1970-01-01T01:00:01+01:00"), Some(1));
        assert_eq!(seconds("yesterday"), None);
    }
}
