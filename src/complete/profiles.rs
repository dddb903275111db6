//! The profiles of the AWS files.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use crate::env::Env;

/// The names of the profiles, sorted: those of `config` and of `credentials`.
pub(super) fn profiles(env: &Env) -> BTreeSet<String> {
    let file = |variable, usual| {
        let path = env.text(variable).map_or_else(|| Some(env.home()?.join(usual)), |path| Some(env.expand(path)));
        path.map(|path| read(env.absolute(&path))).unwrap_or_default()
    };
    let config = file("AWS_CONFIG_FILE", ".aws/config");
    let credentials = file("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials");
    // In the config file there are sections of other kinds, and only the default profile may do without its kind.
    let of_config = sections(&config).filter_map(|section| match section.split_once([' ', '\t']) {
        Some(("profile", name)) => Some(name.trim()),
        Some(_) => None,
        None => (section == "default").then_some(section),
    });
    let names = of_config.chain(sections(&credentials)).filter(|name| is_name(name));
    names.map(str::to_owned).collect()
}

fn read(path: PathBuf) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// The texts between brackets at the beginning of lines.
fn sections(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| Some(line.strip_prefix('[')?.split_once(']')?.0.trim()))
}

/// Whether AWS tools take it for a profile's name; they pass over any other.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-/.%@:+".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_come_from_both_files_wherever_they_are() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join(".aws")).unwrap();
        let config = "# [profile no]\n[default]\nregion = x\n[profile work:eu]\n[ profile\thome ] ; comment\n\
            [sso-session corp]\n[profile two words]\n[bare]\n  [profile indented]\n[profile open\n";
        fs::write(home.path().join(".aws/config"), config).unwrap();
        fs::write(home.path().join(".aws/credentials"), "[home]\nkey = [value]\n[keys]\n[]\n").unwrap();
        let home_is = ("HOME", home.path().to_str().unwrap());
        let names = |env: &Env| profiles(env).into_iter().collect::<Vec<_>>();
        assert_eq!(names(&Env::new([home_is], PathBuf::from("/"))), ["default", "home", "keys", "work:eu"]);
        let elsewhere =
            [home_is, ("AWS_CONFIG_FILE", "~/.aws/none"), ("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials")];
        assert_eq!(names(&Env::new(elsewhere, home.path().to_owned())), ["home", "keys"]);
        assert_eq!(names(&Env::default()), [""; 0]);
    }
}
