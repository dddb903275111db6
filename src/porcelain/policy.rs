//! `s4 policy`

use s4_commands::porcelain::policy::PolicyArgs;
use s4_commands::record::{Header, Policy};

use crate::context::Context;
use crate::error::{Error, ExitCode, Kind};
use crate::remote::{Needs, S3Uri, policy};

/// Prints the least that the keys of a target need to be allowed.
///
/// # Errors
///
/// An unknown target, or an address that makes no sense.
pub fn run(context: &Context, args: &PolicyArgs) -> Result<ExitCode, Error> {
    let target = if args.target.starts_with("s3://") { None } else { Some(context.target(&args.target)?) };
    let place = target.as_ref().map_or(args.target.as_str(), |target| &target.s3_uri);
    let wrong = |error| Error::new(Kind::Usage, "the place in the bucket makes no sense").because(error);
    let uri = S3Uri::parse(place).map_err(wrong)?;
    let needs = target.as_ref().map(|target| Needs {
        region: target.region_name.as_deref(),
        kms_key: target.sse_kms_key_id.as_deref(),
        event_queue: target.event_queue.as_deref(),
        ..Needs::default()
    });
    let policy = policy(&uri, Needs { history: args.history, ..needs.unwrap_or_default() });
    if args.json {
        let stream = context.ui.stream(Header::new());
        stream.push(Policy { place: place.to_owned(), policy });
        stream.end();
    } else if let Ok(text) = serde_json::to_string_pretty(&policy) {
        context.ui.say(&text);
    }
    Ok(ExitCode::Done)
}
