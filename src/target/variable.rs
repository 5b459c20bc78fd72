//! `${NAME}` in the values of a target file.

use super::TargetError;

/// Does `text` have a variable, or something that was meant as one?
pub(super) fn has_some(text: &str) -> bool {
    text.replace("$${", "").contains("${")
}

/// `text` with its variables filled in, and `$${` turned into `${`.
pub(super) fn fill(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<String, Vec<TargetError>> {
    let (mut filled, mut errors) = (String::new(), Vec::new());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, from) = rest.split_at(start);
        if let Some(before) = before.strip_suffix('$') {
            filled += before;
            filled += "${";
            rest = &from[2..];
            continue;
        }
        filled += before;
        let Some(end) = from.find('}') else {
            errors.push(TargetError::BadVariable { text: from.to_owned() });
            return Err(errors);
        };
        let name = &from[2..end];
        match (is_name(name), env(name)) {
            (false, _) => errors.push(TargetError::BadVariable { text: from[..=end].to_owned() }),
            (true, None) => errors.push(TargetError::UndefinedVariable { name: name.to_owned() }),
            (true, Some(value)) => filled += &value,
        }
        rest = &from[end + 1..];
    }
    filled += rest;
    if errors.is_empty() { Ok(filled) } else { Err(errors) }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<String, Vec<TargetError>> {
        fill(text, &|name| (name == "HOST").then(|| "a${HOST}".to_owned()))
    }

    #[test]
    fn variables_are_filled_in_once() {
        assert_eq!(filled("http://${HOST}/$1").unwrap(), "http://a${HOST}/$1");
        assert_eq!(filled("$${HOST} ${HOST}").unwrap(), "${HOST} a${HOST}");
    }

    #[test]
    fn every_undefined_variable_is_told() {
        assert_eq!(filled("${A}${HOST}${B}").unwrap_err().len(), 2);
    }

    #[test]
    fn what_looks_like_a_variable_is_one_or_a_mistake() {
        for text in ["${", "${}", "${a-b}", "${A:-x}", "${HOST"] {
            assert!(matches!(filled(text).unwrap_err()[..], [TargetError::BadVariable { .. }]), "{text}");
        }
    }

    #[test]
    fn an_escaped_variable_is_none() {
        assert!(has_some("x${A}") && has_some("${") && !has_some("$${A}") && !has_some("$A"));
    }
}
