//! Columns of text, as wide as the terminal.

use super::colour::Paint;
use super::looks::Looks;
use super::width::{shorten, width};

/// Between two columns.
const GAP: usize = 2;
/// As long as another column may go instead, one that may be shortened keeps so many.
const LEAST: usize = 16;

/// A column, and what becomes of it where there is little room.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    heading: &'static str,
    /// Those of the highest rank go first; one of 0 never goes.
    rank: u8,
    shortened: bool,
    right: bool,
}

impl Column {
    /// A column of whole texts.
    pub const fn text(heading: &'static str, rank: u8) -> Column {
        Column { heading, rank, shortened: false, right: false }
    }

    /// A column of numbers: on a terminal, their ends are below each other.
    pub const fn number(heading: &'static str, rank: u8) -> Column {
        Column { right: true, ..Column::text(heading, rank) }
    }

    /// A column of names: they may be shortened in their middle.
    pub const fn name(heading: &'static str, rank: u8) -> Column {
        Column { shortened: true, ..Column::text(heading, rank) }
    }
}

/// What is in a column of a row.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Stands before the text, and is not shortened.
    pub before: String,
    /// The text.
    pub text: String,
    /// Its colour.
    pub tone: fn(Paint, &str) -> String,
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell { before: String::new(), text, tone: |_, text| text.to_owned() }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        text.to_owned().into()
    }
}

impl Cell {
    fn width(&self) -> usize {
        width(&self.before) + width(&self.text)
    }

    /// The cell in `room` columns.
    fn fitted(&self, room: usize, mark: &str) -> Cell {
        let before = shorten(&self.before, room, "");
        let text = shorten(&self.text, room - width(&before), mark);
        Cell { before, text, tone: self.tone }
    }
}

/// Sets rows under headings, in columns as wide as their widest text, without blanks at the ends of lines. On a terminal no line is
/// wider than that: long names are shortened, and then columns are left out. `row` makes the row of an item; of very many, not all are
/// held at once.
pub fn table<T>(columns: &[Column], items: &[T], row: &dyn Fn(&T) -> Vec<Cell>, looks: &Looks) -> String {
    let mut widths: Vec<usize> = columns.iter().map(|column| width(column.heading)).collect();
    for item in items {
        for (width, cell) in widths.iter_mut().zip(row(item)) {
            *width = (*width).max(cell.width());
        }
    }
    let widths = match looks.width {
        Some(room) => fit(columns, &widths, room),
        None => widths.into_iter().map(Some).collect(),
    };
    let dim = |text: String| Cell { tone: Paint::dim, ..text.into() };
    let headings = columns.iter().map(|column| dim(column.heading.to_owned())).collect();
    let rule = widths.iter().map(|width| dim("-".repeat(width.unwrap_or_default()))).collect();
    let mut text = String::new();
    for row in [headings, rule].into_iter().chain(items.iter().map(row)) {
        push(&mut text, columns, &widths, &row, looks);
    }
    text
}

fn push(text: &mut String, columns: &[Column], widths: &[Option<usize>], row: &[Cell], looks: &Looks) {
    let mut blanks = 0;
    let shown =
        columns.iter().zip(widths).zip(row).filter_map(|((column, width), cell)| Some((column, (*width)?, cell)));
    for (column, width, cell) in shown {
        let cell = cell.fitted(width, looks.mark());
        let padding = width - cell.width();
        let is_right = column.right && looks.terminal;
        if cell.width() > 0 {
            text.extend(std::iter::repeat_n(' ', blanks + if is_right { padding } else { 0 }));
            *text += &cell.before;
            *text += &(cell.tone)(looks.paint, &cell.text);
            blanks = GAP + if is_right { 0 } else { padding };
        } else {
            blanks += width + GAP;
        }
    }
    text.truncate(text.trim_end_matches(' ').len());
    text.push('\n');
}

/// The widths of columns for which there is so much room; `None` for those that are left out.
fn fit(columns: &[Column], widths: &[usize], room: usize) -> Vec<Option<usize>> {
    let mut fitted: Vec<Option<usize>> = widths.iter().copied().map(Some).collect();
    loop {
        let shown = || fitted.iter().enumerate().filter_map(|(at, width)| Some((at, (*width)?)));
        let gaps = GAP * shown().count().saturating_sub(1);
        let (names, fixed): (Vec<_>, Vec<_>) = shown().partition(|(at, _)| columns[*at].shortened);
        let fixed: usize = fixed.iter().map(|(_, width)| width).sum();
        let for_names = room.saturating_sub(gaps + fixed);
        let least: usize = names.iter().map(|(_, width)| LEAST.min(*width)).sum();
        let last = shown().map(|(at, _)| at).max_by_key(|at| columns[*at].rank).filter(|at| columns[*at].rank > 0);
        match last {
            Some(last) if gaps + fixed > room || least > for_names => fitted[last] = None,
            _ => {
                share(&mut fitted, &names, for_names);
                return fitted;
            }
        }
    }
}

/// Shares what room there is among names: short ones keep theirs.
fn share(fitted: &mut [Option<usize>], names: &[(usize, usize)], mut room: usize) {
    let mut names = names.to_vec();
    names.sort_by_key(|(_, width)| *width);
    let mut left = names.len();
    for (at, width) in names {
        let width = width.min(room / left);
        fitted[at] = Some(width);
        room -= width;
        left -= 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COLUMNS: [Column; 4] =
        [Column::name("key", 0), Column::number("size", 1), Column::text("state", 2), Column::name("run", 3)];

    fn rows(rows: &[[&str; 4]]) -> Vec<Vec<Cell>> {
        rows.iter().map(|row| row.iter().map(|text| Cell::from(*text)).collect()).collect()
    }

    fn on_terminal(width: usize) -> Looks {
        Looks { terminal: true, width: Some(width), unicode: true, ..Looks::PLAIN }
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_text() {
        let columns = [Column::name("a", 0), Column::number("bc", 1)];
        let rows = [["é", ""], ["日本", "xyz"], ["l", "x"]].map(|row| row.map(Cell::from).to_vec());
        assert_eq!(table(&columns, &rows, &Vec::clone, &Looks::PLAIN), "a     bc\n----  ---\né\n日本  xyz\nl     x\n");
        let right = Looks { terminal: true, ..Looks::PLAIN };
        assert_eq!(table(&columns, &rows, &Vec::clone, &right), "a      bc\n----  ---\né\n日本  xyz\nl       x\n");
    }

    #[test]
    fn names_are_shortened_before_columns_go() {
        let rows = rows(&[["a/very/long/name/of/a/file.txt", "1.5 KiB", "in sync", "host-1"], ["b", "10 B", "", "h"]]);
        let first = |width| table(&COLUMNS, &rows, &Vec::clone, &on_terminal(width)).lines().nth(2).unwrap().to_owned();
        assert_eq!(first(80), "a/very/long/name/of/a/file.txt  1.5 KiB  in sync  host-1");
        assert_eq!(first(50), "a/very/long…f/a/file.txt  1.5 KiB  in sync  host-1");
        assert_eq!(first(40), "a/very/lon…/a/file.txt  1.5 KiB  in sync");
        assert_eq!(first(30), "a/very/lon…a/file.txt  1.5 KiB");
        assert_eq!(first(8), "a/v….txt");
        assert_eq!(first(1), "a");
    }

    #[test]
    fn colours_are_not_counted() {
        let looks = Looks { paint: Paint::ON, ..on_terminal(9) };
        let plain = Looks { paint: Paint::OFF, ..looks };
        let mut rows = rows(&[["abc", "", "", ""]]);
        rows[0][0].tone = Paint::good;
        assert_eq!(table(&COLUMNS[..2], &rows, &Vec::clone, &plain), "key  size\n---  ----\nabc\n");
        let painted = table(&COLUMNS[..2], &rows, &Vec::clone, &looks);
        assert_eq!(painted.lines().next(), Some("\u{1b}[2mkey\u{1b}[0m  \u{1b}[2msize\u{1b}[0m"));
        assert_eq!(painted.lines().last(), Some("\u{1b}[32mabc\u{1b}[39m"));
    }

    #[test]
    fn what_stands_before_a_name_is_not_shortened() {
        let cell = Cell { before: "    ".to_owned(), ..Cell::from("a long name") };
        let text = table(&COLUMNS[..1], &[vec![cell]], &Vec::clone, &on_terminal(10));
        assert_eq!(text.lines().last(), Some("    a …ame"));
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal_and_every_row_is_there(
            texts in prop::collection::vec(prop::array::uniform4("[a-z日\u{301} ]{0,40}"), 0..8),
            room in 1..120_usize,
            unicode in any::<bool>(),
        ) {
            let rows: Vec<Vec<Cell>> =
                texts.into_iter().map(|row| row.map(|text| Cell::from(format!("{text}x"))).to_vec()).collect();
            let shown = table(&COLUMNS, &rows, &Vec::clone, &Looks { unicode, ..on_terminal(room) });
            prop_assert_eq!(shown.lines().count(), rows.len() + 2);
            for line in shown.lines() {
                prop_assert!(width(line) <= room, "{line:?} takes {}", width(line));
                prop_assert!(!line.ends_with(' '));
            }
            let whole = table(&COLUMNS, &rows, &Vec::clone, &Looks::PLAIN);
            for (line, row) in whole.lines().skip(2).zip(&rows) {
                prop_assert!(row.iter().all(|cell| line.contains(cell.text.trim_end())), "{line:?}");
            }
        }
    }
}
