//! Columns of text.

/// Sets rows under headings, in columns as wide as their widest text, without blanks at the ends of lines.
pub fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = headings.map(|heading| heading.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let rule = widths.map(|width| "-".repeat(width));
    let mut text = String::new();
    push(&mut text, &widths, headings);
    push(&mut text, &widths, rule.each_ref().map(String::as_str));
    for row in rows {
        push(&mut text, &widths, row.each_ref().map(String::as_str));
    }
    text
}

fn push<const N: usize>(text: &mut String, widths: &[usize; N], cells: [&str; N]) {
    for (cell, width) in cells.into_iter().zip(widths) {
        let padding = (width + 2).saturating_sub(cell.chars().count());
        text.push_str(cell);
        text.extend(std::iter::repeat_n(' ', padding));
    }
    text.truncate(text.trim_end_matches(' ').len());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_text() {
        let rows = [["é".to_owned(), String::new()], ["long".to_owned(), "x".to_owned()]];
        assert_eq!(table(["a", "bc"], &rows), "a     bc\n----  --\né\nlong  x\n");
    }
}
