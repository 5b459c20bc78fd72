//! Each check can fail: the planted defects, each with its own check and a sample of the others.

use authproof::Defect;
use authproof::selfcheck::{Planted, Scope, selfcheck};

#[tokio::test]
async fn every_defect_is_caught_by_its_own_check_and_by_no_unrelated_one() {
    let result = selfcheck(Defect::ALL, Scope::Sample, 4, &|_| ()).await.unwrap();

    assert_eq!(result.unsound, Vec::<String>::new());
    let wrong: Vec<&Planted> = result.planted.iter().filter(|planted| !planted.is_good()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!((result.planted.len(), result.exit_code()), (Defect::ALL.len(), 0));
}
