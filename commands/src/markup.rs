//! The markup of the manual's texts, small enough to be read as it is.
//!
//! ```text
//! # HEADING
//! ## Subheading
//! A paragraph, over any number of lines. `Letters` are as they are typed.
//!
//! :: tag of an item
//! What is said of it.
//!
//!     a block that stays
//!       as it is
//! ```
//!
//! In a block that stays as it is, `NAME$ COMMAND` is typed on the machine NAME, or `$ COMMAND` on any; a command goes on
//! after a line that ends in `\` or `|`. Other lines are what comes out.

/// A part of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// The title of a section.
    Heading(String),
    /// The title of a part of one.
    Subheading(String),
    /// A paragraph.
    Text(String),
    /// An item of a list: its tag, and what is said of it.
    Item(String, String),
    /// Lines that stay as they are.
    Literal(Vec<String>),
}

/// Reads a text. Any text is one.
pub fn parse(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    // Whether the next line begins a block of its own.
    let mut fresh = true;
    for line in text.lines() {
        let last = blocks.last_mut().filter(|_| !fresh);
        fresh = line.trim().is_empty();
        let block = match (line.split_once(' '), last) {
            _ if fresh => continue,
            (Some(("#", title)), _) => Block::Heading(title.to_owned()),
            (Some(("##", title)), _) => Block::Subheading(title.to_owned()),
            (Some(("::", tag)), _) => Block::Item(tag.to_owned(), String::new()),
            (_, Some(Block::Text(text) | Block::Item(_, text))) => {
                if !text.is_empty() {
                    text.push(' ');
                }
                text.push_str(line.trim());
                continue;
            }
            (_, last) => match (line.strip_prefix("    "), last) {
                (Some(line), Some(Block::Literal(lines))) => {
                    lines.push(line.to_owned());
                    continue;
                }
                (Some(line), _) => Block::Literal(vec![line.to_owned()]),
                (None, _) => Block::Text(line.trim().to_owned()),
            },
        };
        blocks.push(block);
    }
    blocks
}

/// Lays blocks out in `width` columns, for where there is no `man`.
pub fn plain(blocks: &[Block], width: usize) -> String {
    let mut out = String::new();
    for (at, block) in blocks.iter().enumerate() {
        let follows_heading =
            at.checked_sub(1).is_some_and(|at| matches!(blocks[at], Block::Heading(_) | Block::Subheading(_)));
        if at > 0 && !follows_heading {
            out.push('\n');
        }
        match block {
            Block::Heading(title) => out += &format!("{title}\n"),
            Block::Subheading(title) => out += &format!("  {title}\n"),
            Block::Text(text) => wrap(&mut out, text, 4, width),
            Block::Item(tag, text) => {
                out += &format!("    {tag}\n");
                wrap(&mut out, text, 8, width);
            }
            Block::Literal(lines) => lines.iter().for_each(|line| out += &format!("        {line}\n")),
        }
    }
    out
}

fn wrap(out: &mut String, text: &str, indent: usize, width: usize) {
    let mut column = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            out.push('\n');
            column = 0;
        }
        if column == 0 {
            out.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    if column > 0 {
        out.push('\n');
    }
}

/// A command in a block of examples.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// The machine that it is typed on.
    pub machine: String,
    /// The command, over one or more lines.
    pub shell: String,
    /// What comes out of it.
    pub output: String,
}

/// The commands of each block in which something is typed, with the paragraph before it.
pub fn typed(blocks: &[Block]) -> Vec<(String, Vec<Typed>)> {
    let mut before = "";
    let mut all = Vec::new();
    for block in blocks {
        match block {
            Block::Text(text) | Block::Item(_, text) => before = text,
            Block::Literal(lines) => {
                let commands = commands(lines);
                if !commands.is_empty() {
                    all.push((before.to_owned(), commands));
                }
            }
            Block::Heading(_) | Block::Subheading(_) => {}
        }
    }
    all
}

fn commands(lines: &[String]) -> Vec<Typed> {
    let mut commands: Vec<Typed> = Vec::new();
    let mut goes_on = false;
    for line in lines {
        let prompt = line.split_once("$ ").filter(|(name, _)| name.chars().all(|letter| letter.is_ascii_lowercase()));
        let text = match (prompt, commands.last_mut()) {
            (_, Some(last)) if goes_on => {
                last.shell += &format!("\n{line}");
                line
            }
            (Some((machine, shell)), _) => {
                let typed = Typed { machine: machine.to_owned(), shell: shell.to_owned(), output: String::new() };
                commands.push(typed);
                shell
            }
            (None, Some(last)) => {
                last.output += &format!("{line}\n");
                continue;
            }
            (None, None) => continue,
        };
        goes_on = text.ends_with(['\\', '|']);
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# FIRST
Some words
over two lines.

:: `tag`
Meaning of it.

    $ s4 scan docs |
       jq .
    {}
    home$ s4 sync
## Part
Last.
";

    #[test]
    fn each_kind_of_block_is_known() {
        let lines = ["$ s4 scan docs |", "   jq .", "{}", "home$ s4 sync"].map(str::to_owned).to_vec();
        assert_eq!(
            parse(TEXT),
            [
                Block::Heading("FIRST".into()),
                Block::Text("Some words over two lines.".into()),
                Block::Item("`tag`".into(), "Meaning of it.".into()),
                Block::Literal(lines),
                Block::Subheading("Part".into()),
                Block::Text("Last.".into()),
            ]
        );
    }

    #[test]
    fn what_is_typed_is_told_from_what_comes_out() {
        let typed = typed(&parse(TEXT));
        let command = |machine: &str, shell: &str, output: &str| Typed {
            machine: machine.into(),
            shell: shell.into(),
            output: output.into(),
        };
        let commands = vec![command("", "s4 scan docs |\n   jq .", "{}\n"), command("home", "s4 sync", "")];
        assert_eq!(typed, [("Meaning of it.".to_owned(), commands)]);
    }

    #[test]
    fn plain_text_is_no_wider_than_asked_for() {
        let text = plain(&parse(TEXT), 16);
        let expected = "FIRST\n    Some words\n    over two\n    lines.\n\n    `tag`\n        Meaning\n        of it.\n\n        \
                        $ s4 scan docs |\n           jq .\n        {}\n        home$ s4 sync\n\n  Part\n    Last.\n";
        assert_eq!(text, expected);
    }
}
