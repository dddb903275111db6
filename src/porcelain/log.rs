//! `s4 log`

use s4_commands::porcelain::log::LogArgs;

use super::aim::{Aim, Place};
use crate::context::Context;
use crate::cost::Spent;
use crate::error::{Error, ExitCode, Kind};
use crate::history::{Newest, by_key};
use crate::near;
use crate::remote::{S3Store, Version};
use crate::session::connect;
use crate::ui::history;
use crate::ui::looks::Looks;
use crate::ui::text::{self, printable};
use crate::{history as past, run};

/// Shows the versions of a key, or what happened last to all.
///
/// # Errors
///
/// When there is no telling which target is meant, the bucket cannot be used, or there never was such a key.
pub fn run(context: &Context, args: &LogArgs) -> Result<ExitCode, Error> {
    let words: Vec<String> = args.target.iter().chain(&args.key).cloned().collect();
    let aim = Aim::new(context, &words)?;
    let place = match &aim.places(context)?[..] {
        [] => Place::Folder(String::new()),
        [_] if args.all_keys => {
            return Err(Error::new(Kind::Usage, "--all-keys is of all keys, and one is named"));
        }
        [place] => place.clone(),
        [..] => return Err(Error::new(Kind::Usage, "a log is of one key, or of one folder")),
    };
    let (versions, keeps_none, spent) = crate::runtime()?.block_on(async {
        let store = connect(context, &aim.target).await?;
        let versions = look(&store, &place, args.limit).await.map_err(|error| past::explain(&aim.target, error))?;
        let keeps_none = past::keeps_none(&store, &versions).await;
        Ok::<_, Error>((versions, keeps_none, Spent::of(&aim.target, store.counts())))
    })?;
    context.ui.debug(&text::spent(&spent));
    if versions.is_empty() && matches!(place, Place::Key(_)) {
        let (key, target) = (place.prefix(), &aim.target.name);
        let message = format!("there never was \"{}\" in \"{}\"", printable(&key), printable(target));
        let hint = match near::known_key(&aim.folder, &key) {
            Some(near) => near::meant(&near),
            None => "a folder ends in '/'".to_owned(),
        };
        return Err(Error::new(Kind::Failed, message).hint(hint));
    }
    if args.json {
        let stream = context.ui.stream(run::header(&aim.target));
        for version in &versions {
            stream.push(history::version_record(version));
        }
        stream.end_after(&spent);
    } else if versions.is_empty() {
        // What came and went before left no trace there.
        context.ui.note(if keeps_none { "Nothing is in the bucket now" } else { "Nothing has happened yet" });
    } else {
        let looks = Looks::new(&context.ui, &args.looks);
        context.ui.show(&history::versions(&versions, matches!(place, Place::Folder(_)), &looks));
    }
    if keeps_none {
        context.ui.note(&past::keeps_none_note(&aim.target));
    }
    Ok(ExitCode::Done)
}

/// The newest versions in a place, newest first.
async fn look(store: &S3Store, place: &Place, limit: usize) -> Result<Vec<Version>, crate::remote::Error> {
    match place {
        Place::Folder(_) => {
            let mut newest = Newest::new(limit);
            let mut take = |page: Vec<Version>| {
                newest.take(page);
                true
            };
            store.each_version(&place.prefix(), &mut take).await?;
            Ok(newest.finish())
        }
        Place::Key(key) => {
            let rows = past::versions_of(store, key).await?;
            let mut versions = by_key(rows).remove(key.as_str()).unwrap_or_default();
            versions.truncate(limit);
            Ok(versions)
        }
    }
}
