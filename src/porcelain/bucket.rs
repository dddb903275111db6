//! What `add` and `edit` have the bucket itself do: keep versions, and for how long.

use s4_commands::Switch;
use s4_commands::porcelain::{BucketArgs, Keeping};

use crate::config::Target;
use crate::context::Context;
use crate::error::{Error, Kind};
use crate::remote::{self, S3Store, Versioning};
use crate::report::{self, quoted};
use crate::session::connect;

/// Tells the bucket of the target `name` what is wanted of it, if anything is. The target has been saved.
pub(super) fn apply(context: &Context, name: &str, args: &BucketArgs) -> Result<(), Error> {
    if args.is_empty() {
        return Ok(());
    }
    let target = context.target(name)?;
    crate::runtime()?.block_on(async {
        let store = connect(context, &target).await?;
        if let Some(switch) = args.versioning {
            let on = switch == Switch::On;
            set_versioning(&store, on).await.map_err(|error| explain(&target, "versioning", error))?;
            context.ui.note(&versioning_note(name, on, args.keep_versions));
        }
        if let Some(keeping) = args.keep_versions {
            let days = match keeping {
                Keeping::Days(days) => Some(days),
                Keeping::Forever => None,
            };
            store.expire_versions(days).await.map_err(|error| explain(&target, "lifecycle rules", error))?;
            context.ui.note(&keeping_note(&target, days));
        }
        Ok(())
    })
}

/// Sets it, and looks whether that is so now: some servers take what they do not do.
async fn set_versioning(store: &S3Store, on: bool) -> Result<(), remote::Error> {
    store.set_versioning(on).await?;
    match (store.versioning().await?, on) {
        (Versioning::On, true) | (Versioning::Off | Versioning::Suspended, false) => Ok(()),
        _ => Err(remote::Error::NotImplemented("it took the setting, and does not go by it".to_owned())),
    }
}

fn versioning_note(name: &str, on: bool, keeping: Option<Keeping>) -> String {
    let name = quoted(name);
    match (on, keeping) {
        (false, _) => {
            "The bucket keeps no more versions; those that it has stay, and are paid for, until a rule removes them"
                .to_owned()
        }
        (true, Some(_)) => "The bucket keeps versions from now on; each is paid for like an object".to_owned(),
        (true, None) => format!(
            "The bucket keeps versions from now on; each is paid for like an object. To have them removed after 30 days: s4 edit \
             {name} --keep-versions 30"
        ),
    }
}

fn keeping_note(target: &Target, days: Option<u32>) -> String {
    let uri = target.s3_uri.trim_end_matches('/');
    match days {
        Some(1) => format!("Versions below {uri} go a day after they were replaced or deleted"),
        Some(days) => format!("Versions below {uri} go {days} days after they were replaced or deleted"),
        None => format!("No rule of ours removes versions below {uri}"),
    }
}

/// Why the bucket does not do what is wanted of it. The target itself is saved.
fn explain(target: &Target, what: &str, error: remote::Error) -> Error {
    let error = match error {
        remote::Error::NotImplemented(_) => {
            Error::new(Kind::Failed, format!("the server does not know {what}")).because(error)
        }
        remote::Error::Denied(_) => {
            let hint = "the keys need leave to change the bucket (s3:PutBucketVersioning, s3:PutLifecycleConfiguration), or \
                        somebody who has it sets it there";
            Error::new(Kind::Access, format!("cannot change the {what} of the bucket")).because(error).hint(hint)
        }
        error => report::access(Some(&target.name), &target.s3_uri, error),
    };
    error.hint(format!("the target \"{}\" is saved all the same", target.name))
}
