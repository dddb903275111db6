//! The program `s4`.

fn main() {}
