//! Whether this machine runs on battery, as far as the system tells.

use std::fs;
use std::path::Path;

/// Whether power comes from a battery alone.
pub(super) fn on_battery() -> bool {
    is_on_battery(Path::new("/sys/class/power_supply"))
}

fn is_on_battery(supplies: &Path) -> bool {
    let read = |path: &Path, name: &str| {
        fs::read_to_string(path.join(name)).map(|text| text.trim().to_owned()).unwrap_or_default()
    };
    let supplies = fs::read_dir(supplies).into_iter().flatten().flatten().map(|entry| entry.path());
    let (mut discharges, mut is_plugged) = (false, false);
    for supply in supplies {
        match read(&supply, "type").as_str() {
            // A mouse has one too.
            "Battery" if read(&supply, "scope") != "Device" => discharges |= read(&supply, "status") == "Discharging",
            "Mains" | "USB" => is_plugged |= read(&supply, "online") == "1",
            _ => {}
        }
    }
    discharges && !is_plugged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_battery_that_discharges_is_in_use_unless_something_is_plugged_in() {
        let dir = tempfile::tempdir().unwrap();
        let set = |supply: &str, name: &str, text: &str| {
            fs::create_dir_all(dir.path().join(supply)).unwrap();
            fs::write(dir.path().join(supply).join(name), format!("{text}\n")).unwrap();
        };
        assert!(!is_on_battery(&dir.path().join("none")) && !is_on_battery(dir.path()));
        set("mouse", "type", "Battery");
        set("mouse", "scope", "Device");
        set("mouse", "status", "Discharging");
        assert!(!is_on_battery(dir.path()));
        set("BAT0", "type", "Battery");
        set("BAT0", "status", "Discharging");
        assert!(is_on_battery(dir.path()));
        set("AC", "type", "Mains");
        set("AC", "online", "1");
        assert!(!is_on_battery(dir.path()));
        set("AC", "online", "0");
        set("BAT0", "status", "Full");
        assert!(!is_on_battery(dir.path()));
    }
}
