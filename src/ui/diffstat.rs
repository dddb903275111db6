//! How much many files differ: a line for each, in git's manner.

use super::colour::Paint;
use super::diff::Extent;
use super::text::{count, printable, size};
use super::width::{ending, width as width_of};

/// A bar gets no shorter than that to make room for names.
const LEAST_BAR: usize = 6;
/// A name gets no shorter than that, whatever the terminal.
const LEAST_NAME: usize = 10;

/// A file, and how much it differs.
#[derive(Clone, Debug)]
pub struct Stat {
    /// Its name; with the old one, if it was renamed.
    pub name: String,
    /// How much.
    pub extent: Extent,
}

/// The lines, none longer than `width`, if it is at all wide enough; and one for all of them.
pub fn render(stats: &[Stat], width: usize, paint: Paint) -> String {
    let names: Vec<String> = stats.iter().map(|stat| printable(&stat.name).into_owned()).collect();
    let longest = names.iter().map(|name| width_of(name)).max().unwrap_or_default();
    let most = stats.iter().map(|stat| lines(stat.extent)).max().unwrap_or_default();
    let is_bytes = stats.iter().any(|stat| matches!(stat.extent, Extent::Bytes { .. }));
    let digits = most.to_string().len().max(if is_bytes { 3 } else { 1 });
    // A blank, the bar between name and number, and a blank behind that.
    let room = width.saturating_sub(1 + 3 + digits + 1);
    let bar = most.min((room * 3 / 8).max(LEAST_BAR));
    let name = longest.min(room.saturating_sub(bar).max(LEAST_NAME));
    let bar = most.min(room.saturating_sub(name).max(LEAST_BAR));
    let mut text = String::new();
    for (stat, full) in stats.iter().zip(&names) {
        let about = match stat.extent {
            Extent::Bytes { old, new } => format!("{:>digits$} {} -> {}", "Bin", size(old), size(new)),
            Extent::Lines { added, removed } => {
                let [plus, minus] = shares([added, removed], most, bar);
                let bar = paint.added(&"+".repeat(plus), false) + &paint.removed(&"-".repeat(minus), false);
                format!("{:>digits$} {bar}", added + removed)
            }
        };
        let short = shortened(full, name);
        let padding = " ".repeat(name - width_of(&short));
        text += &format!(" {short}{padding} | {}\n", about.trim_end());
    }
    text + &total(stats)
}

fn lines(extent: Extent) -> usize {
    match extent {
        Extent::Lines { added, removed } => added + removed,
        Extent::Bytes { .. } => 0,
    }
}

/// The shares of a bar of `width` letters, which stands for `most` lines. Nothing that there is has no letter.
fn shares(lines: [usize; 2], most: usize, width: usize) -> [usize; 2] {
    let share = |lines: usize| if most > width { (lines * width / most).max(usize::from(lines > 0)) } else { lines };
    let [plus, minus] = lines.map(share);
    [plus.min(width.saturating_sub(usize::from(minus > 0))), minus]
}

/// The end of a name: the beginning is that of many.
fn shortened(name: &str, width: usize) -> String {
    if width_of(name) <= width {
        return name.to_owned();
    }
    format!("...{}", ending(name, width.saturating_sub(3)))
}

fn total(stats: &[Stat]) -> String {
    let (mut added, mut removed) = (0, 0);
    for stat in stats {
        if let Extent::Lines { added: more, removed: less } = stat.extent {
            (added, removed) = (added + more, removed + less);
        }
    }
    let files = stats.len() as u64;
    let mut text = format!(" {} differ{}", count(files, "file"), if files == 1 { "s" } else { "" });
    for (lines, what) in [(added, "insertion"), (removed, "deletion")] {
        if lines > 0 {
            let sign = if what == "insertion" { "+" } else { "-" };
            text += &format!(", {}({sign})", count(lines as u64, what));
        }
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(name: &str, added: usize, removed: usize) -> Stat {
        Stat { name: name.to_owned(), extent: Extent::Lines { added, removed } }
    }

    #[test]
    fn each_file_has_a_bar_and_all_have_a_sum() {
        let picture = Stat { name: "p\u{1b}".to_owned(), extent: Extent::Bytes { old: 0, new: 2048 } };
        let text = render(&[stat("a/b", 2, 1), stat("new", 0, 0), picture], 80, Paint::OFF);
        assert_eq!(
            text,
            " a/b     |   3 ++-\n new     |   0\n p\\u{1b} | Bin 0 B -> 2.0 KiB\n 3 files differ, 2 insertions(+), 1 deletion(-)\n"
        );
        assert_eq!(render(&[stat("a", 0, 1)], 80, Paint::OFF), " a | 1 -\n 1 file differs, 1 deletion(-)\n");
    }

    #[test]
    fn lines_fit_a_narrow_terminal_and_keep_the_ends_of_names() {
        let names = ["a/very/long/path/to/some/file.txt", "とても/長い/名前/の/フォルダ/file.txt"];
        for (width, name) in [30, 40, 80].into_iter().flat_map(|width| names.map(|name| (width, name))) {
            let text = render(&[stat(name, 900, 100), stat("b", 1, 0)], width, Paint::OFF);
            let mut lines = text.lines();
            let (long, short) = (lines.next().unwrap(), lines.next().unwrap());
            assert!(width_of(long) <= width && long.contains("file.txt | 1000 +"), "{text}");
            assert!(long.ends_with('-') && short.ends_with("|    1 +"), "{text}");
        }
    }

    #[test]
    fn shares_never_vanish_nor_outgrow_the_bar() {
        for (lines, shown) in [([1, 999], [1, 9]), ([999, 1], [9, 1]), ([500, 500], [5, 5]), ([0, 3], [0, 1])] {
            assert_eq!(shares(lines, 1000, 10), shown, "{lines:?}");
        }
        assert_eq!(shares([3, 2], 5, 10), [3, 2]);
    }
}
