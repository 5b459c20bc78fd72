//! Reads the date of a cookie's `Expires` as browsers do (RFC 6265bis 5.1.1): by its parts, in almost any order.

use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The moment meant, where there is one.
pub(super) fn parse_cookie_date(text: &str) -> Option<OffsetDateTime> {
    let (mut clock, mut day, mut month, mut year) = (None, None, None, None);
    let is_delimiter = |c: char| matches!(c, '\t' | ' '..='/' | ';'..='@' | '['..='`' | '{'..='~');
    for word in text.split(is_delimiter).filter(|word| !word.is_empty()) {
        if clock.is_none()
            && let Some(found) = parse_clock(word)
        {
            clock = Some(found);
        } else if day.is_none()
            && let Some(found) = leading_number(word, 1, 2)
        {
            day = Some(found);
        } else if month.is_none()
            && let Some(found) = parse_month(word)
        {
            month = Some(found);
        } else if year.is_none()
            && let Some(found) = leading_number(word, 2, 4)
        {
            year = Some(found);
        }
    }
    let year = match year? {
        year @ 70..=99 => year + 1900,
        year @ 0..=69 => year + 2000,
        year => year,
    };
    if year < 1601 {
        return None;
    }
    let date = Date::from_calendar_date(i32::try_from(year).ok()?, month?, u8::try_from(day?).ok()?).ok()?;
    Some(PrimitiveDateTime::new(date, clock?).assume_utc())
}

fn parse_clock(word: &str) -> Option<Time> {
    let mut parts = word.splitn(3, ':');
    let hour = exact_number(parts.next()?)?;
    let minute = exact_number(parts.next()?)?;
    let second = leading_number(parts.next()?, 1, 2)?;
    Time::from_hms(hour, minute, u8::try_from(second).ok()?).ok()
}

fn exact_number(part: &str) -> Option<u8> {
    let digits = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    part.parse().ok().filter(|_| digits)
}

/// The number a word begins with, if it has that many digits.
fn leading_number(word: &str, least: usize, most: usize) -> Option<u32> {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    if (least..=most).contains(&digits) { word[..digits].parse().ok() } else { None }
}

fn parse_month(word: &str) -> Option<Month> {
    let begin = word.get(..3)?.to_ascii_lowercase();
    let number = MONTHS.iter().position(|month| *month == begin)? + 1;
    Month::try_from(u8::try_from(number).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_formats_mean_the_same_moment() {
        let texts = [
            "Wed, 09 Jun 2021 10:18:14 GMT",
            "Wednesday, 09-Jun-21 10:18:14 GMT",
            "Wed Jun  9 10:18:14 2021",
            "9 june 2021 10:18:14",
            "10:18:14 2021 jun 09",
        ];
        for text in texts {
            let moment = parse_cookie_date(text).map(OffsetDateTime::unix_timestamp);
            assert_eq!(moment, Some(1_623_233_894), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        let texts = [
            "",
            "0",
            "-1",
            "Wed, 32 Jun 2021 10:18:14",
            "09 Jun 2021",
            "09 Jun 1600 10:18:14",
            "09 Jun 2021 25:00:00",
            "é",
        ];
        for text in texts {
            assert_eq!(parse_cookie_date(text), None, "{text}");
        }
    }
}
