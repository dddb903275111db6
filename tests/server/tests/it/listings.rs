//! Listings of objects and versions.

use aws_sdk_s3::types::EncodingType;
use s4_test_server::{Behaviour, Names, Op, Options};

use crate::{B, Lab, ODD_KEYS, fails, lab, lab_with};

/// Every key and rolled-up prefix of a listing, page by page.
async fn pages(lab: &Lab, prefix: &str, delimiter: Option<&str>, max_keys: i32) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut token = None;
    loop {
        let list = lab.client.list_objects_v2().bucket(B).prefix(prefix).set_delimiter(delimiter.map(str::to_owned));
        let page = list.max_keys(max_keys).set_continuation_token(token).send().await.unwrap();
        let keys = page.contents().iter().map(|object| object.key().unwrap().to_owned());
        let prefixes = page.common_prefixes().iter().map(|prefix| prefix.prefix().unwrap().to_owned());
        pages.push(keys.chain(prefixes).collect::<Vec<_>>());
        assert_eq!(page.key_count(), i32::try_from(pages.last().unwrap().len()).ok());
        token = page.next_continuation_token;
        assert_eq!(token.is_some(), page.is_truncated.unwrap());
        if token.is_none() {
            return pages;
        }
    }
}

#[tokio::test]
async fn a_listing_shows_keys_in_the_order_of_their_bytes() {
    let lab = lab();
    // As UTF-16 the crab would sort before the won sign.
    for key in ["b", "a/b", "a-b", "a", "\u{1f980}", "\u{ffe6}", "B", "é"] {
        lab.server.put_foreign(B, key, key);
    }
    let expected = ["B", "a", "a-b", "a/b", "b", "é", "\u{ffe6}", "\u{1f980}"];
    assert_eq!(pages(&lab, "", None, 1000).await, [expected]);
    assert_eq!(pages(&lab, "", None, 3).await.concat(), expected);
    assert_eq!(pages(&lab, "", None, 3).await.len(), 3);
    assert_eq!(pages(&lab, "a", None, 4).await, [["a", "a-b", "a/b"]]);

    let list = lab.client.list_objects_v2().bucket(B).start_after("a").max_keys(2).send().await.unwrap();
    let rows = list.contents();
    assert_eq!(rows.iter().map(|row| row.key().unwrap()).collect::<Vec<_>>(), ["a-b", "a/b"]);
    let stored = &lab.server.objects(B)["a-b"];
    assert_eq!((rows[0].size(), rows[0].e_tag()), (Some(3), Some(&*format!("\"{}\"", stored.etag))));
    assert_eq!(rows[0].last_modified().unwrap().secs(), stored.last_modified);
    let list = lab.client.list_objects_v2().bucket(B).start_after("é").prefix("b").send().await.unwrap();
    assert!(list.contents().is_empty());
}

#[tokio::test]
async fn a_listing_goes_on_after_a_name_too() {
    let lab = lab();
    for key in ["p/a", "p/b/1", "p/b/2", "p/b/3", "p/c", "p/d e", "q"] {
        lab.server.put_foreign(B, key, "");
    }
    for (delimiter, expected) in
        [(Some("/"), &["p/a", "p/b/", "p/c", "p/d e"][..]), (None, &["p/a", "p/b/1", "p/b/2", "p/b/3", "p/c", "p/d e"])]
    {
        for size in 1..5 {
            let (mut all, mut marker) = (Vec::new(), None);
            loop {
                let list = lab.client.list_objects().bucket(B).prefix("p/").set_delimiter(delimiter.map(str::to_owned));
                let page = list.max_keys(size).set_marker(marker).send().await.unwrap();
                let keys = page.contents().iter().map(|object| object.key().unwrap().to_owned());
                let prefixes = page.common_prefixes().iter().map(|prefix| prefix.prefix().unwrap().to_owned());
                let mut names: Vec<_> = keys.chain(prefixes).collect();
                names.sort();
                all.extend(names);
                if !page.is_truncated.unwrap() {
                    break;
                }
                assert_eq!(page.next_marker(), delimiter.and(all.last()).map(String::as_str));
                marker = all.last().cloned();
            }
            assert_eq!(all, expected, "pages of {size}");
        }
    }
}

#[tokio::test]
async fn a_delimiter_rolls_keys_up_once() {
    let lab = lab();
    for key in ["p/a", "p/b/1", "p/b/2", "p/b/3", "p/c", "p/d/1", "q"] {
        lab.server.put_foreign(B, key, "");
    }
    for size in 1..5 {
        let mut all = pages(&lab, "p/", Some("/"), size).await.concat();
        all.sort();
        assert_eq!(all, ["p/a", "p/b/", "p/c", "p/d/"], "pages of {size}");
    }
    assert_eq!(pages(&lab, "", Some("/"), 9).await, [["q", "p/"]]);
}

#[tokio::test]
async fn odd_keys_are_listed_exactly() {
    let lab = lab();
    for key in ODD_KEYS {
        lab.server.put_foreign(B, key, "");
    }
    let list = lab.client.list_objects_v2().bucket(B).encoding_type(EncodingType::Url).send().await.unwrap();
    let mut listed = list.contents().iter().map(|object| decode(object.key().unwrap())).collect::<Vec<_>>();
    let mut expected = ODD_KEYS.to_vec();
    expected.sort_unstable();
    assert_eq!(listed, expected);
    // Without the encoding, what XML can hold is exact too; a client may refuse the rest.
    lab.server.remove_foreign(B, "ctl\u{1}\u{1f}\u{7f}");
    expected.retain(|key| !key.starts_with("ctl"));
    listed = pages(&lab, "", None, 7).await.concat();
    assert_eq!(listed, expected);
}

/// Decodes `encoding-type=url`.
fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        (bytes, rest) = match (first, tail) {
            (b'%', [high, low, tail @ ..]) => {
                let pair = [*high, *low];
                let byte = u8::from_str_radix(std::str::from_utf8(&pair).unwrap(), 16).unwrap();
                ([bytes, vec![byte]].concat(), tail)
            }
            (b'+', tail) => ([bytes, vec![b' ']].concat(), tail),
            (byte, tail) => ([bytes, vec![*byte]].concat(), tail),
        };
    }
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn pages_hold_a_thousand_rows_or_as_many_as_the_test_says() {
    let lab = lab();
    for at in 0..1500 {
        lab.server.put_foreign(B, &format!("{at:04}"), "");
    }
    let sizes = pages(&lab, "", None, 5000).await.iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(sizes, [1000, 500]);
    assert_eq!(lab.server.counts().of(Op::ListObjectsV2), 2);
    lab.server.change(|behaviour| behaviour.page_size = 600);
    let sizes = pages(&lab, "", None, 1000).await.iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(sizes, [600, 600, 300]);
    assert_eq!(pages(&lab, "", None, 0).await, [Vec::<String>::new()]);
}

#[tokio::test]
async fn a_made_up_token_is_refused() {
    let list = |lab: &Lab| lab.client.list_objects_v2().bucket(B).continuation_token("made up").send();
    let lab = lab();
    fails(list(&lab).await, 400, "InvalidArgument");
}

#[tokio::test]
async fn versions_are_listed_newest_first_over_all_pages() {
    let behaviour = Behaviour { page_size: 2, ..Behaviour::default() };
    let lab = lab_with(Options { behaviour, ..Options::default() });
    lab.server.set_versioning(B, true);
    for (key, text) in [("a", "1"), ("b", "1"), ("b", "2"), ("b", "3"), ("c/x", "1"), ("c/y", "1"), ("d", "1")] {
        lab.server.put_foreign(B, key, text);
    }
    lab.server.remove_foreign(B, "d");
    let mut seen = Vec::new();
    let (mut key, mut version) = (None, None);
    loop {
        let list = lab.client.list_object_versions().bucket(B).delimiter("/");
        let page = list.set_key_marker(key).set_version_id_marker(version).send().await.unwrap();
        for row in page.versions() {
            seen.push(format!("{} {}", row.key().unwrap(), if row.is_latest().unwrap() { "latest" } else { "old" }));
        }
        seen.extend(page.common_prefixes().iter().map(|prefix| prefix.prefix().unwrap().to_owned()));
        seen.extend(page.delete_markers().iter().map(|marker| format!("{} deleted", marker.key().unwrap())));
        if page.is_truncated() != Some(true) {
            break;
        }
        (key, version) = (page.next_key_marker, page.next_version_id_marker);
    }
    assert_eq!(seen, ["a latest", "b latest", "b old", "b old", "c/", "d deleted", "d old"]);
}

#[tokio::test]
async fn names_may_be_encoded_in_another_way_or_not_at_all() {
    let lab = lab();
    lab.put("a b/c+", "").await;
    for (names, shown) in [(Names::Encoded, "a+b/c%2B"), (Names::EncodedAll, "a%20b%2Fc%2B"), (Names::Plain, "a b/c+")]
    {
        lab.server.change(|behaviour| behaviour.names = names);
        let page = lab.client.list_objects_v2().bucket(B).encoding_type(EncodingType::Url).send().await.unwrap();
        assert_eq!(page.contents()[0].key(), Some(shown));
        assert_eq!(page.encoding_type().is_some(), names != Names::Plain);
    }
}
