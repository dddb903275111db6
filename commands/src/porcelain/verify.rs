//! `s4 verify`

use clap::Args;

use crate::manual::{Exit, Manual};

/// Look for damage in folder and bucket
///
/// Reads every file of the folder that is in sync by its times and its size, and compares its content with the SHA-256 in the
/// index. A file whose times say that nobody wrote it, and whose content is another, is damaged: by a failing disk, by bad memory,
/// or by a program that hid its traces. Objects are compared by the listing of the bucket, and with --remote they are read as well,
/// so that damage on either side is told apart.
///
/// What is not synced yet is only counted (-v names it); nothing can be said of it. Nothing is changed on either side, and a sync
/// may run meanwhile.
///
/// A sync does not see such damage, and must not: to touch a damaged file would push the damage, and to remove it would delete the
/// object. So --repair puts it right, from the other side's copy.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct VerifyArgs {
    /// The targets to verify; all of them if none is named
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Read every object, too
    ///
    /// That fetches the whole bucket, which may cost money: the content is compared with the index, with the object's own
    /// metadata and ETag, and with the file. It also shows unfinished uploads that this folder knows nothing of.
    #[arg(long)]
    pub remote: bool,
    /// Put right what has a good copy
    ///
    /// A damaged file is replaced by the object, if that has the content that was synced; the file goes to the trash. A damaged
    /// object is written anew from such a file. No sync runs meanwhile. Without --remote only damaged files are looked for.
    #[arg(long)]
    pub repair: bool,
    /// Print records, one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["finding", "upload", "verification", "problem"],
    on_output: "\
A line for each key that is not as it was synced, in order, and a last line that sums up. With `--json` a stream for each target: a
`finding` for each such key, an `upload` for each unfinished one, a `problem` for each name that was left alone, and a
`verification`.

What is found is one of these:

:: `file`
The file is damaged. With --repair, the object takes its place.

:: `object`
The object is damaged. With --remote and --repair, the file is sent again.

:: `both`
Neither is what was synced. An older version of the bucket, the trash or a backup may have it.

:: `index`
The content is whole, and an index tells another sum. `touch` the file, and the next sync puts that right.

:: `metadata`
The object is whole, and the sum in its metadata is of another content; some tool kept them when it wrote the object. It does no harm.

:: `unreadable`
The file or the object cannot be read.

An object of which nothing tells what it should be is counted as unproven: another tool wrote it, and its ETag is no MD5.

With --remote, uploads in parts that were begun and never ended are shown, unless this folder goes on with them: their parts are no
damage, but paid for. Another machine or another tool may still be at work on one. One that is long dead goes by
`aws s3api abort-multipart-upload`, and all of them after some days by a lifecycle rule of the bucket with
`AbortIncompleteMultipartUpload`.

The exit code is 4 if something was found and not repaired.",
    examples: &[
        ("Look for damaged files in every target:", "s4 verify"),
        ("Read the objects of one, too:", "s4 verify --remote photos"),
        ("Put right what can be:", "s4 verify --remote --repair photos"),
        (
            "The damaged files, for a script:",
            r#"s4 verify --json docs |
   jq -r 'select(.type == "finding" and .fault == "file").key'"#,
        ),
    ],
    exits: &[Exit::Partial, Exit::Interrupted],
    see_also: &["s4-sync(1)", "s4-hash-file(1)", "s4-index(5)", "s4-json(7)"],
};
