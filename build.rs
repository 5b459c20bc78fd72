//! The features are embedded into the program; without this line a new file among them would go unnoticed by cargo.

fn main() {
    println!("cargo:rerun-if-changed=features");
}
