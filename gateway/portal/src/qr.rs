//! The QR code of W5 as SVG: black on white in every colour scheme, a quiet zone of four modules, sharp edges.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};

/// ISO/IEC 18004 asks for four light modules around the symbol.
const QUIET: usize = 4;
/// The drawing is at least this wide, in CSS pixels.
const LEAST_PIXELS: usize = 240;

/// Draws `text` at error correction level M. `None` when it is too long for any QR code.
///
/// The markup names nothing: what it is called is said by the page around it, in the reader's language.
pub(crate) fn svg(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let modules = code.width() + 2 * QUIET;
    let pixels = modules * LEAST_PIXELS.div_ceil(modules);
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{pixels}\" height=\"{pixels}\" \
         viewBox=\"0 0 {modules} {modules}\" shape-rendering=\"crispEdges\" aria-hidden=\"true\" focusable=\"false\">\
         <path fill=\"#fff\" d=\"M0 0h{modules}v{modules}H0z\"/><path fill=\"#000\" d=\"{}\"/></svg>",
        dark(&code)
    ))
}

/// A path of one rectangle for each run of dark modules in a row.
fn dark(code: &QrCode) -> String {
    let colors = code.to_colors();
    let mut path = String::new();
    for (row, line) in colors.chunks(code.width()).enumerate() {
        let mut column = 0;
        for run in line.chunk_by(|a, b| a == b) {
            if run.first() == Some(&Color::Dark) {
                // Writing to a String cannot fail.
                let _ = write!(path, "M{} {}h{n}v1h-{n}z", column + QUIET, row + QUIET, n = run.len());
            }
            column += run.len();
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the path back into modules and compares with the code itself.
    #[test]
    fn every_dark_module_is_drawn_and_no_other() {
        let uri = "otpauth://totp/Doorward:alice?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Doorward";
        let code = QrCode::with_error_correction_level(uri, EcLevel::M).unwrap();
        let mut drawn = vec![vec![false; code.width()]; code.width()];
        for run in dark(&code).split('M').filter(|run| !run.is_empty()) {
            let (place, rest) = run.split_once('h').unwrap();
            let (x, y) = place.split_once(' ').unwrap();
            let length: usize = rest.split_once('v').unwrap().0.parse().unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            for column in x..x + length {
                assert!(!drawn[y - QUIET][column - QUIET], "drawn twice");
                drawn[y - QUIET][column - QUIET] = true;
            }
        }
        let expected: Vec<bool> = code.to_colors().into_iter().map(|color| color == Color::Dark).collect();
        assert_eq!(drawn.concat(), expected);
    }

    #[test]
    fn it_is_wide_enough_to_be_scanned_and_quiet_around() {
        let drawing = svg("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP").unwrap();
        let width: usize = drawing.split('"').nth(3).unwrap().parse().unwrap();
        assert!((240..480).contains(&width), "{width}");
        assert!(drawing.contains("M4 4h7v1h-7z"), "the finder pattern begins after four modules");
        assert!(!drawing.contains("style") && !drawing.contains("<?xml"));
    }

    #[test]
    fn a_text_that_fits_no_code_is_refused() {
        assert!(svg(&"x".repeat(4000)).is_none());
    }
}
