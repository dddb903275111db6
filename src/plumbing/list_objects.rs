//! `s4 list-objects`

use s4_commands::plumbing::list_objects::ListObjectsArgs;

use crate::context::Context;
use crate::cost::Spent;
use crate::error::{Error, ExitCode};
use crate::key::is_reserved;
use crate::run;
use crate::session::connect;
use crate::ui::text;
use crate::{records, remote, report};

/// Prints the objects of a target, page by page; without s4's own.
///
/// # Errors
///
/// When a page cannot be had; the stream has no end then.
pub fn run(context: &Context, args: &ListObjectsArgs) -> Result<ExitCode, Error> {
    let target = context.target(&args.target)?;
    crate::runtime()?.block_on(async {
        let store = connect(context, &target).await?;
        let stream = context.ui.stream(run::header(&target));
        let mut page = |page: Vec<remote::Listed>| {
            let objects = page.iter().filter(|object| !is_reserved(&object.name));
            objects.map(records::object).all(|object| stream.push(object))
        };
        let listed = remote::list_pages(&store, &mut page).await;
        let spent = Spent::of(&target, store.counts());
        context.ui.debug(&text::spent(&spent));
        if listed.map_err(|error| report::access(Some(&target.name), &target.s3_uri, error))? {
            stream.end_after(&spent);
        }
        Ok(ExitCode::Done)
    })
}
