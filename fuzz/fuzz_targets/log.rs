#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| s4_fuzz::log(bytes));
