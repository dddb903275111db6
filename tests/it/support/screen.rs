//! What a terminal shows, as a picture.

use std::fmt::Write as _;

use vt100::{Cell, Color, Parser, Screen};

/// Columns of the terminal.
pub(crate) const COLUMNS: u16 = 80;
/// More rows than any screen has.
const ROWS: u16 = 200;
/// A cell, and the room around all of them, in pixels.
const CELL: (f32, f32) = (8.4, 18.0);
const MARGIN: f32 = 16.0;

/// What text looks like without any colour, and the ground behind it: dark, with an edge that tells it from a dark page.
const FOREGROUND: &str = "#e6edf3";
const GROUND: &str = "#161b22";
const EDGE: &str = "#3d444d";
/// Black, red, green, yellow, blue, magenta, cyan, white; then their bright forms.
const COLOURS: [&str; 16] = [
    "#484f58", "#ff7b72", "#7ee787", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#e6edf3", "#8b949e", "#ffa198",
    "#a5f0ad", "#f2cc60", "#a5d6ff", "#e2c5ff", "#9ee8ef", "#ffffff",
];

/// How a run of cells looks.
#[derive(Clone, PartialEq)]
struct Style {
    text: String,
    ground: Option<String>,
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
}

impl Style {
    fn of(cell: &Cell) -> Style {
        let (text, ground) = (colour(cell.fgcolor()), colour(cell.bgcolor()));
        let (text, ground) = match cell.inverse() {
            true => {
                (Some(ground.unwrap_or_else(|| GROUND.to_owned())), Some(text.unwrap_or_else(|| FOREGROUND.to_owned())))
            }
            false => (text, ground),
        };
        Style {
            text: text.unwrap_or_else(|| FOREGROUND.to_owned()),
            ground,
            bold: cell.bold(),
            dim: cell.dim(),
            italic: cell.italic(),
            underline: cell.underline(),
        }
    }

    fn attributes(&self) -> String {
        let mut attributes = format!("fill=\"{}\"", self.text);
        for (is, attribute) in [
            (self.bold, "font-weight=\"bold\""),
            (self.dim, "opacity=\"0.65\""),
            (self.italic, "font-style=\"italic\""),
            (self.underline, "text-decoration=\"underline\""),
        ] {
            if is {
                attributes = format!("{attributes} {attribute}");
            }
        }
        attributes
    }
}

fn colour(colour: Color) -> Option<String> {
    match colour {
        Color::Default => None,
        Color::Idx(index) => Some(COLOURS.get(usize::from(index)).copied().unwrap_or(FOREGROUND).to_owned()),
        Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
    }
}

/// The picture of a terminal to which these bytes were written. What `title` says is read to those who do not see it.
pub(crate) fn svg(title: &str, bytes: &[u8]) -> String {
    let mut terminal = Parser::new(ROWS.try_into().unwrap(), COLUMNS.try_into().unwrap(), 0);
    terminal.process(bytes);
    let screen = terminal.screen();
    let rows = (0..ROWS).rev().find(|row| !runs(screen, *row).is_empty()).map_or(0, |last| last + 1);
    assert!(rows < ROWS, "{title} is longer than any screen");
    let (width, height) = (f32::from(COLUMNS) * CELL.0 + 2.0 * MARGIN, f32::from(rows) * CELL.1 + 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" font-size=\"14\" \
         font-family=\"ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace\">\n\
         <title>{}</title>\n<rect x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"8\" fill=\"{GROUND}\" stroke=\"{EDGE}\"/>\n",
        escaped(title),
        width - 1.0,
        height - 1.0
    );
    for row in 0..rows {
        for (column, cells, style, text) in runs(screen, row) {
            let (x, y) = (MARGIN + f32::from(column) * CELL.0, MARGIN + f32::from(row) * CELL.1);
            let wide = f32::from(cells) * CELL.0;
            if let Some(ground) = &style.ground {
                let _ = writeln!(
                    svg,
                    "<rect x=\"{x:.1}\" y=\"{y}\" width=\"{wide:.1}\" height=\"{}\" fill=\"{ground}\"/>",
                    CELL.1
                );
            }
            // The length keeps columns in line, whatever the font is.
            let _ = writeln!(
                svg,
                "<text x=\"{x:.1}\" y=\"{}\" textLength=\"{wide:.1}\" lengthAdjust=\"spacingAndGlyphs\" {}>{}</text>",
                y + 13.5,
                style.attributes(),
                // Browsers would make one blank of many.
                escaped(&text).replace(' ', "\u{a0}")
            );
        }
    }
    svg + "</svg>\n"
}

/// The runs of equal looks in a row: where each begins, how many cells it has, its looks and its text. Blanks between words
/// belong to them, and those around all of them to nobody, unless they are coloured.
fn runs(screen: &Screen, row: u16) -> Vec<(u16, u16, Style, String)> {
    let mut runs: Vec<(u16, u16, Style, String)> = Vec::new();
    for column in 0..COLUMNS {
        let cell = screen.cell(row, column).unwrap();
        if cell.is_wide_continuation() {
            if let Some((_, cells, ..)) = runs.last_mut() {
                *cells += 1;
            }
            continue;
        }
        let (style, text) = (Style::of(cell), if cell.has_contents() { cell.contents() } else { " " });
        match runs.last_mut() {
            Some((_, cells, known, whole)) if *known == style => {
                *cells += 1;
                whole.push_str(text);
            }
            _ => runs.push((column, 1, style, text.to_owned())),
        }
    }
    for (column, cells, style, text) in &mut runs {
        if style.ground.is_none() && !style.underline {
            let blanks = |text: &str| u16::try_from(text.chars().take_while(|letter| *letter == ' ').count()).unwrap();
            let before = blanks(text);
            let behind = blanks(&text.chars().rev().collect::<String>());
            *column += before;
            *cells = cells.saturating_sub(before + behind);
            *text = text.trim_matches(' ').to_owned();
        }
    }
    runs.retain(|(_, _, style, text)| !text.is_empty() || style.ground.is_some());
    runs
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[test]
fn colours_and_columns_are_those_of_the_terminal() {
    let picture = svg("a & b", "plain \x1b[1;31mred\x1b[0m\r\n  \x1b[7mx \x1b[0m\x1b[2K\r日本 <\r\n".as_bytes());
    assert!(picture.contains("<title>a &amp; b</title>"), "{picture}");
    let texts: Vec<&str> = picture.lines().filter(|line| line.starts_with("<text")).collect();
    assert_eq!(texts.len(), 3, "{picture}");
    assert!(texts[0].contains("x=\"16.0\"") && texts[0].ends_with(">plain</text>"), "{picture}");
    assert!(texts[1].contains("x=\"66.4\"") && texts[1].contains("#ff7b72") && texts[1].contains("bold"), "{picture}");
    assert!(texts[2].contains("textLength=\"50.4\"") && texts[2].ends_with(">日本\u{a0}&lt;</text>"), "{picture}");
    let marked = svg("", b" \x1b[7mx \x1b[0m");
    assert!(marked.contains("<rect x=\"24.4\" y=\"16\" width=\"16.8\" height=\"18\" fill=\"#e6edf3\"/>"), "{marked}");
}
