//! Planted defects: switches that make one safeguard fail.

mod list;
mod table;

use std::collections::BTreeSet;
use std::str::FromStr;

pub use list::Defect;

/// The defects that are planted. Empty: a correct service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Defects(BTreeSet<Defect>);

impl Defects {
    /// A correct service.
    pub fn none() -> Self {
        Self::default()
    }

    /// The names of those planted.
    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|defect| defect.name()).collect()
    }

    /// Whether this one is planted.
    pub(crate) fn has(&self, defect: Defect) -> bool {
        self.0.contains(&defect)
    }
}

impl FromIterator<Defect> for Defects {
    fn from_iter<T: IntoIterator<Item = Defect>>(defects: T) -> Self {
        Self(defects.into_iter().collect())
    }
}

/// No defect has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no defect is called `{0}`; --list-defects shows them all")]
pub struct UnknownDefect(String);

impl FromStr for Defect {
    type Err = UnknownDefect;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|defect| defect.name() == name).ok_or_else(|| UnknownDefect(name.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_defect_has_a_name_and_a_summary_of_its_own() {
        let names: BTreeSet<&str> = Defect::ALL.iter().map(|defect| defect.name()).collect();
        let summaries: BTreeSet<&str> = Defect::ALL.iter().map(|defect| defect.summary()).collect();

        assert_eq!((names.len(), summaries.len()), (Defect::ALL.len(), Defect::ALL.len()));
        for defect in Defect::ALL {
            assert_eq!(defect.name().parse(), Ok(*defect));
        }
    }

    #[test]
    fn an_unknown_name_is_refused() {
        assert!("no-such-defect".parse::<Defect>().is_err());
    }
}
