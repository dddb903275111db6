//! `s4 man`

use std::path::{Path, PathBuf};

use s4_commands::LooksArgs;
use s4_commands::porcelain::man::ManArgs;
use s4_commands::record::{Header, Page};

use crate::context::Context;
use crate::embedded::{self, unpack};
use crate::env::Env;
use crate::error::{Error, ExitCode, Kind};
use crate::report::quoted;
use crate::ui::looks::Looks;
use crate::ui::table::{Column, table};
use crate::ui::text::printable;
use crate::{ours, records};

/// What stands in each page of ours.
const MARK: &str = "\"s4 manual\"";

/// Lists the pages of the manual, or writes them where `man` finds them.
///
/// # Errors
///
/// When a page cannot be written, or what is in its place is none of ours.
pub fn run(context: &Context, args: &ManArgs) -> Result<ExitCode, Error> {
    let mut pages = records::pages();
    let folder = args.install.as_ref().map(|named| folder(&context.env, named.as_deref())).transpose()?;
    if let Some(folder) = &folder {
        install(folder, &mut pages)?;
    }
    let count = pages.len();
    if args.json {
        let stream = context.ui.stream(Header::new());
        for page in pages {
            stream.push(page);
        }
        stream.end();
    } else if let Some(folder) = folder {
        let place = printable(&folder.to_string_lossy()).into_owned();
        context.ui.say(&format!("{count} pages are in {place} now; read them with: man s4-sync"));
        if !is_searched(&context.env, &folder) {
            context
                .ui
                .note("'man' does not look there yet; for that, put this line into the start file of your shell:");
            context.ui.note(&format!("export MANPATH={}:", quoted(&place)));
        }
    } else {
        const COLUMNS: [Column; 2] = [Column::text("page", 0), Column::name("about", 0)];
        let row = |page: &Page| vec![format!("{}({})", page.title, page.section).into(), page.about.as_str().into()];
        context.ui.show(&table(&COLUMNS, &pages, &row, &Looks::new(&context.ui, &LooksArgs::default())));
    }
    Ok(ExitCode::Done)
}

/// Where the pages go.
fn folder(env: &Env, named: Option<&Path>) -> Result<PathBuf, Error> {
    if let Some(named) = named {
        return Ok(env.absolute(named));
    }
    let data = env.get("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || env.home().map(|home| home.join(".local/share"));
    let no_home =
        || Error::new(Kind::Config, "no home folder is known").hint("set HOME, or name a folder: --install DIR");
    data.or_else(home).map(|data| data.join("man")).ok_or_else(no_home)
}

/// Writes the pages below `folder`: all of them, or none where one is in the way that is not ours.
fn install(folder: &Path, pages: &mut [Page]) -> Result<(), Error> {
    let mut files = Vec::new();
    for page in pages {
        let name = format!("{}.{}", page.title, page.section);
        let file = folder.join(format!("man{}", page.section)).join(&name);
        ours::is_ours(&file, MARK)?;
        page.path = Some(file.to_string_lossy().into_owned());
        files.push((file, name));
    }
    for (file, name) in files {
        let bytes = unpack(embedded::PAGES, &name).unwrap_or_default();
        ours::write(&file, &bytes)?;
    }
    Ok(())
}

/// Whether `man` looks into the folder: it is named, or stands beside a folder with programs, as `share/man` beside `bin`.
fn is_searched(env: &Env, folder: &Path) -> bool {
    let listed = |variable: &str| env.get(variable).map(std::env::split_paths).into_iter().flatten();
    let beside = |programs: PathBuf| ["../share/man", "../man"].map(|man| env.absolute(&programs.join(man)));
    listed("MANPATH").any(|named| named == folder) || listed("PATH").flat_map(beside).any(|place| place == folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_there_and_is_ours() {
        let pages = records::pages();
        assert_eq!(pages.len(), embedded::PAGES.len());
        for page in pages {
            let text = unpack(embedded::PAGES, &format!("{}.{}", page.title, page.section));
            let text = String::from_utf8(text.unwrap_or_else(|| panic!("{page:?} is not embedded"))).unwrap();
            assert!(text.contains(MARK) && !page.about.is_empty(), "{page:?}");
        }
    }

    #[test]
    fn man_looks_beside_programs_and_where_it_is_told() {
        let folder = Path::new("/home/ann/.local/share/man");
        for (variable, value, is) in [
            ("PATH", "/usr/bin:/home/ann/.local/bin", true),
            ("PATH", "/usr/bin:/home/ann/bin", false),
            ("MANPATH", "/home/ann/.local/share/man:", true),
            ("MANPATH", "", false),
        ] {
            assert_eq!(is_searched(&Env::new([(variable, value)], "/".into()), folder), is, "{variable}={value}");
        }
    }
}
