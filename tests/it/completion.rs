//! Completion in real shells: somebody types a line, presses TAB, and the shell is asked what words the line has now.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, json};

use crate::support::{Terminal, TestEnv, is_installed, write_index};

const README: &str = include_str!("../../README.md");
const PROMPT: &str = "ready> ";
const HOME_KEY: &str = "\x01";

/// A shell, and what its start file has to hold for the tests: a prompt to wait for, and a command `show` that prints the
/// words that it is given.
struct Shell {
    name: &'static str,
    args: &'static [&'static str],
    start_file: &'static str,
    start: &'static str,
    /// The line that the README has for completion at run time, and the file that it has it in.
    dynamic: &'static str,
    dynamic_file: &'static str,
    /// A line for the script in `completions/`.
    fixed: fn(&str) -> String,
}

const BASH: Shell = Shell {
    name: "bash",
    args: &["--noprofile", "--rcfile", ".bashrc", "-i"],
    start_file: ".bashrc",
    start: "PS1='ready> '\nshow() { printf '=> '; printf '[%s]' \"$@\"; echo ' <='; }\n",
    dynamic: "source <(s4 completions bash)",
    dynamic_file: ".bashrc",
    fixed: |folder| format!("source '{folder}/s4.bash'\n"),
};

const ZSH: Shell = Shell {
    name: "zsh",
    // Without the system's own start files.
    args: &["-d", "-i"],
    start_file: ".zshrc",
    start: "bindkey -e\nPS1='ready> '\nshow() { printf '=> '; printf '[%s]' \"$@\"; echo ' <='; }\n\
        autoload -Uz compinit && compinit -u\n",
    dynamic: "source <(s4 completions zsh)",
    dynamic_file: ".zshrc",
    fixed: |folder| format!("fpath=('{folder}' $fpath)\ncompinit -u\n"),
};

const FISH: Shell = Shell {
    name: "fish",
    args: &["-i"],
    start_file: ".config/fish/config.fish",
    start: "function fish_prompt; echo -n 'ready> '; end\nfunction fish_greeting; end\n\
        function show; printf '=> '; printf '[%s]' $argv; echo ' <='; end\n",
    dynamic: "s4 completions fish | source",
    dynamic_file: ".config/fish/completions/s4.fish",
    fixed: |folder| format!("source '{folder}/s4.fish'\n"),
};

impl Shell {
    /// Writes the start file and then more lines, perhaps into another file; starts the shell, and waits for its first prompt.
    fn start(&self, home: &Path, file: &str, lines: &str) -> Terminal {
        for (file, lines) in [(self.start_file, self.start), (file, lines)] {
            let path = home.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let mut file = fs::File::options().create(true).append(true).open(path).unwrap();
            writeln!(file, "{lines}").unwrap();
        }
        let mut command = TestEnv::program(self.name, home);
        command.args(self.args).env("TERM", "xterm");
        let mut terminal = Terminal::start(&command);
        terminal.wait_for(PROMPT);
        terminal
    }

    /// Checks the words that lines have after their TABs were pressed.
    fn check(&self, mut terminal: Terminal, cases: &[(&str, &[&str])]) {
        for (typed, words) in cases {
            terminal.press(typed);
            terminal.press(&format!("{HOME_KEY}show \r"));
            terminal.wait_for("=> ");
            let shown = terminal.wait_for(" <=");
            let expected: String = words.iter().map(|word| format!("[{word}]")).collect();
            assert_eq!(shown, expected, "{}: {typed:?}", self.name);
            terminal.wait_for(PROMPT);
        }
    }
}

/// The name of a file that a shell gets right only if it is quoted right.
const ODD: &str = "odd: it's \"a\" $HOME `x` \\ #1 & (2) {3,4} [5]? <6>|;~=^ %d *!";

/// A home with targets, keys, profiles and files.
fn furnish(env: &TestEnv, name: &str) -> PathBuf {
    let home = env.home(name);
    let docs = home.join("Documents");
    for file in [
        "my dir/only one.txt",
        "new.txt",
        "ignored.tmp",
        "-dash.txt",
        "~tilde it",
        "=equal it",
        "control\x1b[31m.txt",
        ODD,
    ] {
        let path = docs.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    fs::write(docs.join(".syncignore"), "*.tmp\n").unwrap();
    let entry = json!({ "local_timestamp": 1, "remote_timestamp": 1 });
    let gone = json!({ "local_timestamp": null, "remote_timestamp": 1 });
    let keys =
        [("an index key.txt", &entry), ("old/a:b c.txt", &entry), ("old/a:b d.txt", &entry), ("deleted.txt", &gone)];
    let index: Map<_, _> = keys.into_iter().map(|(key, entry)| (key.to_owned(), entry.clone())).collect();
    fs::write(docs.join(".index"), write_index(&index)).unwrap();
    let target = |folder: &str, uri: &str| json!({ "local_folder": folder, "s3_uri": uri });
    let targets = json!({ "docs": target("~/Documents", "s3://family/docs"), "my photos": target("~/Photos", "s3://family/photos") });
    fs::create_dir_all(home.join(".config/s4")).unwrap();
    fs::write(home.join(".config/s4/sync.conf"), json!({ "targets": targets }).to_string()).unwrap();
    let other = json!({ "targets": { "elsewhere": target("~/Elsewhere", "s3://x") } });
    fs::write(home.join("other.conf"), other.to_string()).unwrap();
    fs::write(home.join("some file.bin"), "").unwrap();
    fs::create_dir(home.join(".aws")).unwrap();
    fs::write(home.join(".aws/config"), "[default]\n[profile work:eu]\n").unwrap();
    home
}

/// What holds in each shell with completion at run time.
const EVERYWHERE: &[(&str, &[&str])] = &[
    ("s4 push-f\t", &["s4", "push-file"]),
    ("s4 a\t", &["s4", "add"]),
    ("s4 sync --dry\t", &["s4", "sync", "--dry-run"]),
    ("s4 sync docs --dry\t", &["s4", "sync", "docs", "--dry-run"]),
    ("s4 sync --conflicts k\t", &["s4", "sync", "--conflicts", "keep-both"]),
    ("s4 sync do\t", &["s4", "sync", "docs"]),
    ("s4 sync docs \t", &["s4", "sync", "docs", "my photos"]),
    ("s4 s m\t", &["s4", "s", "my photos"]),
    ("s4 sync 'my\t", &["s4", "sync", "my photos"]),
    ("s4 sync \"my\t", &["s4", "sync", "my photos"]),
    ("s4 sync my\\ ph\t", &["s4", "sync", "my photos"]),
    ("s4 add -C d\t", &["s4", "add", "-C", "docs"]),
    ("s4 --config other.conf sync \t", &["s4", "--config", "other.conf", "sync", "elsewhere"]),
    ("s4 pull-file docs an\t", &["s4", "pull-file", "docs", "an index key.txt"]),
    ("s4 pull-file docs ne\t", &["s4", "pull-file", "docs", "ne"]),
    ("s4 pull-file docs de\t", &["s4", "pull-file", "docs", "de"]),
    ("s4 pull-file docs o\t\tc\t", &["s4", "pull-file", "docs", "old/a:b c.txt"]),
    ("s4 push-file docs an\t", &["s4", "push-file", "docs", "an index key.txt"]),
    ("s4 push-file docs ne\t", &["s4", "push-file", "docs", "new.txt"]),
    ("s4 push-file docs ig\t", &["s4", "push-file", "docs", "ig"]),
    ("s4 push-file docs my\t\t", &["s4", "push-file", "docs", "my dir/only one.txt"]),
    ("s4 push-file docs 'my\t\t", &["s4", "push-file", "docs", "my dir/only one.txt"]),
    ("s4 push-file docs \"my\t\t", &["s4", "push-file", "docs", "my dir/only one.txt"]),
    ("s4 push-file docs od\t", &["s4", "push-file", "docs", ODD]),
    ("s4 push-file docs 'od\t", &["s4", "push-file", "docs", ODD]),
    ("s4 push-file docs \"od\t", &["s4", "push-file", "docs", ODD]),
    ("s4 push-file docs \\~\t", &["s4", "push-file", "docs", "~tilde it"]),
    ("s4 push-file docs '=\t", &["s4", "push-file", "docs", "=equal it"]),
    ("s4 push-file docs con\t", &["s4", "push-file", "docs", "con"]),
    ("s4 push-file docs -- -d\t", &["s4", "push-file", "docs", "--", "-dash.txt"]),
    ("s4 push-file docs -d\t", &["s4", "push-file", "docs", "-d"]),
    ("s4 check-ignore docs ig\t", &["s4", "check-ignore", "docs", "ignored.tmp"]),
    ("s4 edit docs --profile w\t", &["s4", "edit", "docs", "--profile", "work:eu"]),
    ("s4 edit docs --profile=w\t", &["s4", "edit", "docs", "--profile=work:eu"]),
    ("s4 hash-file so\t", &["s4", "hash-file", "some file.bin"]),
    ("s4 --config=ot\t", &["s4", "--config=other.conf"]),
    ("s4 scan do\t", &["s4", "scan", "docs"]),
    // A letter more: zsh takes the `/` of a folder away where nothing follows.
    ("s4 scan Doc\tx", &["s4", "scan", "Documents/x"]),
];

/// What holds in each shell with the script in `completions/`.
const FIXED: &[(&str, &[&str])] = &[
    ("s4 push-f\t", &["s4", "push-file"]),
    ("s4 sync --dry\t", &["s4", "sync", "--dry-run"]),
    ("s4 sync docs --dry\t", &["s4", "sync", "docs", "--dry-run"]),
    ("s4 sync --conflicts k\t", &["s4", "sync", "--conflicts", "keep-both"]),
    ("s4 hash-file so\t", &["s4", "hash-file", "some file.bin"]),
];

fn completes(shell: &Shell) {
    if !is_installed(shell.name) {
        return;
    }
    let shown = format!("- {}, `~/{}`", shell.name, shell.dynamic_file);
    let is_shown = |line: &str| line.starts_with(&shown) && line.ends_with(&format!(": `{}`", shell.dynamic));
    assert!(README.lines().any(is_shown), "README.md does not say how to switch it on in {}", shell.name);
    let env = TestEnv::new();
    let dynamic = |home: &Path| shell.start(home, shell.dynamic_file, shell.dynamic);
    shell.check(dynamic(&furnish(&env, "dynamic")), EVERYWHERE);
    let home = furnish(&env, "tilde");
    let file = home.join("some file.bin");
    let tilde: &[(&str, &[&str])] = &[("s4 hash-file ~/so\t", &["s4", "hash-file", file.to_str().unwrap()])];
    shell.check(dynamic(&home), tilde);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/completions");
    shell.check(shell.start(&furnish(&env, "fixed"), shell.start_file, &(shell.fixed)(folder)), FIXED);
}

/// Presses TAB on a line until a text is listed.
fn lists(shell: &Shell, typed: &str, texts: &[&str]) {
    if !is_installed(shell.name) {
        return;
    }
    let env = TestEnv::new();
    let mut terminal = shell.start(&furnish(&env, "home"), shell.dynamic_file, shell.dynamic);
    terminal.press(typed);
    for text in texts {
        terminal.wait_for(text);
    }
}

#[test]
fn candidates_are_listed_with_what_they_are() {
    lists(&ZSH, "s4 sync \t", &["docs", "~/Documents <=> s3://family/docs", "my photos", "s3://family/photos"]);
    lists(&FISH, "s4 sync \t", &["docs", "~/Documents <=> s3://family/docs", "my photos", "s3://family/photos"]);
    lists(&ZSH, "s4 l\t", &["list-objects", "List the objects of a target"]);
    // Bash has no place for it, and lists when TAB is pressed again.
    lists(&BASH, "s4 sync \t\t", &["docs", "my\\ photos"]);
    lists(&BASH, "s4 l\t\t", &["ls", "list-objects"]);
}

#[test]
fn tab_completes_in_bash() {
    completes(&BASH);
}

#[test]
fn bash_may_break_words_where_it_likes() {
    if !is_installed(BASH.name) {
        return;
    }
    let cases: &[(&str, &[&str])] = &[
        ("s4 pull-file docs old/a:b\\ c\t", &["s4", "pull-file", "docs", "old/a:b c.txt"]),
        ("s4 pull-file docs 'old/a:b c\t", &["s4", "pull-file", "docs", "old/a:b c.txt"]),
        ("s4 edit docs --profile=work:\t", &["s4", "edit", "docs", "--profile=work:eu"]),
        ("s4 sync docs 2>/dev/null \t", &["s4", "sync", "docs", "my photos"]),
    ];
    for breaks in ["", ":", "=", ":="] {
        let env = TestEnv::new();
        let without: String =
            breaks.chars().map(|letter| format!("COMP_WORDBREAKS=${{COMP_WORDBREAKS//{letter}}}\n")).collect();
        let terminal = BASH.start(&furnish(&env, "home"), BASH.dynamic_file, &(without + BASH.dynamic));
        BASH.check(terminal, cases);
    }
}

#[test]
fn tab_completes_in_zsh() {
    completes(&ZSH);
}

#[test]
fn tab_completes_in_fish() {
    completes(&FISH);
}

#[test]
fn zsh_may_keep_the_script_as_a_file_that_the_first_tab_loads() {
    if !is_installed(ZSH.name) {
        return;
    }
    let env = TestEnv::new();
    let home = furnish(&env, "home");
    fs::create_dir(home.join(".zfunc")).unwrap();
    assert!(TestEnv::shell(&home, "s4 completions zsh > .zfunc/_s4").status().unwrap().success());
    let terminal = ZSH.start(&home, ".zshrc", "fpath=(~/.zfunc $fpath)\ncompinit -u");
    ZSH.check(terminal, &[("s4 sync do\t", &["s4", "sync", "docs"]), ("s4 push-f\t", &["s4", "push-file"])]);
}

#[test]
fn scripts_are_printed_for_the_shell_that_is_named_or_that_the_user_has() {
    let env = TestEnv::new();
    let home = env.home("home");
    let printed = |line: &str| {
        let output = TestEnv::shell(&home, line).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let fish = printed("s4 completions fish");
    assert_eq!(fish, printed("COMPLETE=fish s4"));
    assert_eq!(fish, printed("SHELL=/usr/bin/fish s4 completions"));
    let fixed = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/completions/s4.fish")).unwrap();
    assert_eq!(printed("s4 completions fish --static"), (Some(0), fixed, String::new()));
    let (code, out, err) = printed("SHELL=/bin/dash s4 completions");
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("bash, zsh, fish, elvish, powershell"), "{err}");
}
