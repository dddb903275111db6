//! Two machines in sync through one bucket, in a few seconds and without an account anywhere.
//!
//! ```text
//! cargo run --example quickstart
//! ```
//!
//! It starts an S3 server inside of this process, makes two homes in a temporary folder, and runs the real `s4` in them.
//! What it prints is what it runs; nothing outside of the temporary folder is touched, and nothing of it stays.
#![expect(clippy::print_stdout, reason = "showing is all that it is for")]

use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use s4_test_server::{Options, Server};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const LATER: &str = "
The same with a bucket of your own:

  1. cargo install --locked --path .
  2. On each machine, with the keys that the AWS tools use there (or with --profile, or with stored keys):
         s4 add --local-folder ~/Documents --s3-uri s3://YOUR-BUCKET/documents
     For a server other than AWS add its address: --endpoint-url https://s3.example.com
  3. Now and then, or from cron:
         s4 sync

README.md has the rest, and so has s4 COMMAND --help.";

fn main() -> Result<()> {
    let folder = program_folder()?;
    build(&folder)?;
    let server = Server::try_start(Options::default())?;
    server.create_bucket("demo");
    let homes = tempfile::Builder::new().prefix("s4-quickstart-").tempdir()?;
    let machine = |name| Machine::new(name, homes.path(), &folder, &server);
    let (laptop, desktop) = (machine("laptop")?, machine("desktop")?);
    play(&laptop, &desktop, &server.endpoint())?;
    if laptop.files()? != desktop.files()? {
        return Err("the two folders differ".into());
    }
    println!("\nThe two folders hold the same files with the same contents.\n{LATER}");
    Ok(())
}

fn play(laptop: &Machine, desktop: &Machine, endpoint: &str) -> Result<()> {
    title("A folder on each machine, and the place in the bucket that both belong to");
    let add = format!("s4 add --local-folder ~/docs --s3-uri s3://demo/docs --endpoint-url {endpoint}");
    laptop.run(&add)?;
    desktop.run(&add)?;

    title("What one machine has, the other gets");
    laptop.run("echo 'Dear Ann,' > docs/letter.txt; mkdir docs/lists; echo 'milk' > docs/lists/shopping.txt")?;
    laptop.run("s4 sync docs")?;
    desktop.run("s4 sync docs")?;
    desktop.run("cat docs/letter.txt docs/lists/shopping.txt")?;

    title("An edit and a delete");
    desktop.run("echo 'how are you?' >> docs/letter.txt; rm docs/lists/shopping.txt")?;
    desktop.run("s4 sync docs")?;
    laptop.run("s4 sync docs")?;
    laptop.run("cat docs/letter.txt")?;

    title("Both edit the same file: nothing is overwritten, and both versions can be kept");
    laptop.run("echo 'Yours, Bob' >> docs/letter.txt")?;
    desktop.run("echo 'Love, Bob' >> docs/letter.txt")?;
    laptop.run("s4 sync docs")?;
    desktop.run_to("s4 sync docs", CONFLICTS)?;
    desktop.run("s4 sync docs --conflicts keep-both")?;
    laptop.run("s4 sync docs")?;
    laptop.run("tail docs/letter*")
}

/// The exit code of a sync that left conflicts alone.
const CONFLICTS: i32 = 3;

/// A home of its own, as if it were a machine of its own.
struct Machine {
    name: &'static str,
    home: PathBuf,
    env: Vec<(&'static str, OsString)>,
}

impl Machine {
    fn new(name: &'static str, homes: &Path, program_folder: &Path, server: &Server) -> Result<Machine> {
        let home = homes.join(name);
        fs::create_dir_all(&home)?;
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(std::iter::once(program_folder.to_owned()).chain(env::split_paths(&path)))?;
        let mut env = vec![
            ("PATH", path),
            ("HOME", home.clone().into()),
            ("S4_CONFIG", home.join("sync.conf").into()),
            ("AWS_ACCESS_KEY_ID", server.access_key().into()),
            ("AWS_SECRET_ACCESS_KEY", server.secret_key().into()),
        ];
        // Everything else of the environment stays out: other keys and profiles, above all.
        let looks = ["TERM", "LANG", "LC_ALL", "NO_COLOR", "COLUMNS"];
        env.extend(looks.into_iter().filter_map(|name| Some((name, env::var_os(name)?))));
        Ok(Machine { name, home, env })
    }

    /// Shows a command line and runs it, which must succeed.
    fn run(&self, line: &str) -> Result<()> {
        self.run_to(line, 0)
    }

    /// As [`Machine::run`], for a command that must end with the exit code `expected`.
    fn run_to(&self, line: &str, expected: i32) -> Result<()> {
        println!("{}", bold(&format!("{}$ {line}", self.name)));
        io::stdout().flush()?;
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(&self.home).stdin(Stdio::null()).stderr(io::stdout());
        let status = command.env_clear().envs(self.env.iter().map(|(name, value)| (name, value))).status()?;
        if status.code() != Some(expected) {
            return Err(format!("'{line}' on the {} ended with {status}", self.name).into());
        }
        if expected != 0 {
            println!("(exit code {expected})");
        }
        Ok(())
    }

    /// The files of the synced folder and their contents; without those of s4 itself.
    fn files(&self) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
        let root = self.home.join("docs");
        let mut files = BTreeMap::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                let key = path.strip_prefix(&root)?.to_owned();
                if [".index", ".s4lock", ".s4"].map(Path::new).contains(&key.as_path()) {
                    continue;
                } else if path.is_dir() {
                    folders.push(path);
                } else {
                    files.insert(key, fs::read(&path)?);
                }
            }
        }
        Ok(files)
    }
}

fn title(text: &str) {
    println!("\n{}", bold(&format!("# {text}")));
}

fn bold(text: &str) -> String {
    if io::stdout().is_terminal() { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// Where Cargo puts `s4`: one level above its examples, such as this program.
fn program_folder() -> Result<PathBuf> {
    let this = env::current_exe()?;
    let folder = this.ancestors().nth(2).ok_or("this example is not where Cargo puts examples")?;
    Ok(folder.to_owned())
}

/// Builds `s4` into `folder`: Cargo does that for tests, but not for examples. This example is named too, so that Cargo
/// settles on the same features of all packages and has nothing but `s4` left to build.
fn build(folder: &Path) -> Result<()> {
    let (Some(target), Some(name)) = (folder.parent(), folder.file_name()) else {
        return Err("this example is not where Cargo puts examples".into());
    };
    let profile = if name == OsStr::new("debug") { OsStr::new("dev") } else { name };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--bin", "s4", "--example", "quickstart", "--profile"]).arg(profile);
    command.arg("--target-dir").arg(target).current_dir(env!("CARGO_MANIFEST_DIR"));
    // What Cargo tells the programs that it runs: build scripts that look at it would think that everything changed.
    let told = |name: &str| ["CARGO_PKG_", "CARGO_MANIFEST_", "OUT_DIR"].iter().any(|told| name.starts_with(told));
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_str().is_some_and(told)) {
        command.env_remove(name);
    }
    if command.status()?.success() { Ok(()) } else { Err("s4 could not be built".into()) }
}
