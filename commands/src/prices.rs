//! What a server asks for its work: an option of the commands that make targets, and a field of a target.

/// What can have a price, by the names of options and fields: requests by class, in US dollars per 1,000 of them, and bytes
/// each way, in US dollars per GiB.
pub const PRICED: [&str; 8] = ["list", "get", "head", "put", "copy", "delete", "up", "down"];

/// The word for a server that asks nothing.
const FREE: &str = "free";

/// Prices that somebody has set, in US dollars; `None` where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prices([Option<f64>; PRICED.len()]);

impl Prices {
    /// Reads `free`, or `NAME=DOLLARS` for one or several names, with commas in between.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Prices, String> {
        if text.trim().eq_ignore_ascii_case(FREE) {
            return Ok(Prices([Some(0.0); PRICED.len()]));
        }
        let mut prices = Prices::default();
        for part in text.split(',') {
            let (name, price) = part.split_once('=').ok_or_else(|| "not prices like put=0.005,down=0".to_owned())?;
            let price = price.trim();
            prices.set(name.trim(), price.parse().map_err(|_| format!("'{price}' is not a price in dollars"))?)?;
        }
        Ok(prices)
    }

    /// Sets one price.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn set(&mut self, name: &str, dollars: f64) -> Result<(), String> {
        let at = PRICED.iter().position(|priced| *priced == name);
        let at = at.ok_or_else(|| format!("'{name}' has no price, but {} have", PRICED.join(", ")))?;
        if !(0.0..=f64::MAX).contains(&dollars) {
            return Err(format!("'{dollars}' is not a price in dollars"));
        }
        self.0[at] = Some(dollars);
        Ok(())
    }

    /// What is said of each, in the order of [`PRICED`].
    pub fn each(&self) -> impl Iterator<Item = (&'static str, Option<f64>)> {
        PRICED.into_iter().zip(self.0)
    }
}

/// A field of a target that [`Prices::parse`] reads, as it was written; or a text that clears it.
pub(crate) fn prices_field(text: &str) -> Result<String, String> {
    if matches!(text, "-" | "") { Ok(text.to_owned()) } else { Prices::parse(text).map(|_| text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_have_names_and_are_dollars() {
        let some = Prices::parse("put=0.0045, down=0").unwrap();
        let said: Vec<_> = some.each().filter_map(|(name, price)| Some((name, price?))).collect();
        assert_eq!(said, [("put", 0.0045), ("down", 0.0)]);
        assert!(Prices::parse("free").unwrap().each().all(|(_, price)| price == Some(0.0)));
        for (wrong, why) in [
            ("", "not prices like put=0.005,down=0"),
            ("put", "not prices like put=0.005,down=0"),
            ("put=x", "'x' is not a price in dollars"),
            ("put=-1", "'-1' is not a price in dollars"),
            ("put=NaN", "'NaN' is not a price in dollars"),
            ("put=inf", "'inf' is not a price in dollars"),
            ("post=1", "'post' has no price, but list, get, head, put, copy, delete, up, down have"),
        ] {
            assert_eq!(Prices::parse(wrong), Err(why.to_owned()), "{wrong}");
        }
    }
}
