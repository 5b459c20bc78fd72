//! Turns the list of defects into the type that the services ask.

/// One line a defect: variant, name, the check that must catch it, what is wrong.
macro_rules! defects {
    ($($variant:ident => $name:literal, $check:literal, $summary:literal;)*) => {
        /// A planted defect.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Defect {
            $(#[doc = $summary] $variant,)*
        }

        impl Defect {
            /// Every defect, in the order of the areas.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name on the command line.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The id of the check that must catch it.
            pub fn check(self) -> &'static str {
                match self { $(Self::$variant => $check,)* }
            }

            /// What is wrong, in one sentence.
            pub fn summary(self) -> &'static str {
                match self { $(Self::$variant => $summary,)* }
            }
        }
    };
}

pub(super) use defects;
