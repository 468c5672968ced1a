//! The policy that a page sets itself, drawings, and files within a page. Escaping is [`checker::explain::markup`]'s.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::figure::Figure;

/// What is allowed: this script if there is one, this style, the styles within the figures, and nothing from anywhere else.
pub(super) fn policy(script: Option<&str>, style: &str, figures: &[Figure]) -> String {
    let mut styles = vec![hash(style)];
    for panel in figures.iter().flat_map(|figure| &figure.panels) {
        styles.extend(styles_in(&panel.svg).map(hash));
    }
    styles.sort();
    styles.dedup();
    format!(
        "default-src 'none'; script-src {}; style-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        script.map_or_else(|| "'none'".to_owned(), hash),
        styles.join(" "),
    )
}

/// A hash as a policy names it.
fn hash(block: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(block.as_bytes())))
}

/// The contents of an SVG's `<style>` elements.
fn styles_in(svg: &str) -> impl Iterator<Item = &str> {
    svg.split("<style")
        .skip(1)
        .filter_map(|rest| rest.split_once('>')?.1.split_once("</style").map(|(css, _)| css))
}

/// The drawing itself, without what only stands at the head of a file.
pub(super) fn drawing(svg: &str) -> &str {
    svg.find("<svg").map_or("", |start| svg[start..].trim_end())
}

/// A file as an address that can be downloaded from within the page. Numbers stay as they are, and so small.
pub(super) fn data_address(media_type: &str, text: &str) -> String {
    let mut address = format!("data:{media_type};charset=utf-8,");
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b',' | b'.' | b'-' | b'_' | b':' | b'/' => {
                address.push(byte.into());
            }
            byte => write!(address, "%{byte:02X}").expect("a string takes everything"),
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_the_blocks_by_hash() {
        // From the specification of Content Security Policy, 6.7.3.3: the hash of `alert('Hello, world.');`.
        let known = "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='";
        assert!(policy(Some("alert('Hello, world.');"), "", &[]).contains(known));
        assert_eq!(styles_in("<svg><style type=\"x\">a{}</style></svg>").collect::<Vec<_>>(), ["a{}"]);
    }

    #[test]
    fn a_file_is_an_address() {
        let address = data_address("text/csv", "a_ms,b\n1.5,\"<é\"\n");
        assert_eq!(address, "data:text/csv;charset=utf-8,a_ms,b%0A1.5,%22%3C%C3%A9%22%0A");
    }

    #[test]
    fn a_drawing_begins_with_its_element() {
        assert_eq!(drawing("<?xml version=\"1.0\"?>\n<svg a=\"b\"></svg>\n"), "<svg a=\"b\"></svg>");
    }
}
