//! Which part of the login a scenario belongs to: the folder its feature stands in.

use crate::catalogue::Catalogue;
use crate::outcome::CaseName;

/// The area of the scenario's check, or the name of the folder of its feature file.
pub fn area_of<'a>(case: &'a CaseName, catalogue: &'a Catalogue) -> &'a str {
    let of_check = case.check.as_deref().and_then(|id| catalogue.find(id)).map(|check| check.area.as_str());
    of_check.or_else(|| case.feature.rsplit(['/', '\\']).nth(1)).unwrap_or("own")
}
