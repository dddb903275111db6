//! The contract of s4: the arguments, records and texts of its commands. Knows clap and serde, nothing else.
