//! What is given on a command line, and what is said where it is something else.

use market_kernel::Timestamp;

/// An instant, in any offset.
pub(super) fn instant(text: &str) -> Result<Timestamp, &'static str> {
    text.parse().map_err(|_| "it is an instant of RFC 3339, such as 2026-12-01T00:00:00+08:00")
}

/// A year.
pub(super) fn year(text: &str) -> Result<i16, &'static str> {
    let year = text.parse().ok().filter(|year| (1_000..=9_999).contains(year));
    year.ok_or("it is a year, such as 2027")
}

/// A whole number from 1 on.
pub(super) fn whole<T: TryFrom<u64>>(text: &str, most: u64) -> Result<T, String> {
    let number = text.parse().ok().filter(|number| (1..=most).contains(number));
    let number = number.and_then(|number| T::try_from(number).ok());
    number.ok_or_else(|| format!("it is a whole number from 1 to {most}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_is_taken_or_it_is_said_what_it_should_be() {
        assert_eq!(whole::<u16>("1000", 1_000), Ok(1_000));
        for wrong in ["0", "1001", "-1", "1.0", "many", "99999999999999999999", ""] {
            assert_eq!(
                whole::<u16>(wrong, 1_000).unwrap_err(),
                "it is a whole number from 1 to 1000",
                "{wrong}"
            );
        }
        assert_eq!(year("2027"), Ok(2_027));
        assert!(["20x", "27", "20270", "-2027"].iter().all(|wrong| year(wrong).is_err()));
        assert!(instant("2026-12-01T00:00:00+08:00").is_ok());
        assert!(
            ["tomorrow", "2026-12-01", ""]
                .iter()
                .all(|wrong| instant(wrong).unwrap_err().contains("RFC 3339"))
        );
    }
}
