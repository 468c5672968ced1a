//! Text and data as parts of a page, so that nothing from a run or a history is ever taken for markup.

use std::fmt::Write;

/// Text as content of an element or an attribute.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter if letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}') => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// JSON that can stand within an element: these letters only come in its strings.
pub fn escape_json(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                write!(escaped, "\\u{:04x}", letter as u32).expect("a string takes everything");
            }
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// A template with its places filled. They come in this order, and what is filled in is not looked at again.
///
/// # Panics
/// If the template does not have the places in this order.
pub fn filled(template: &str, parts: &[(&str, String)]) -> String {
    let mut html = String::new();
    let mut rest = template;
    for (place, text) in parts {
        let (before, after) = rest.split_once(place).expect("the page has a place for each part");
        html.push_str(before);
        html.push_str(text);
        rest = after;
    }
    html.push_str(rest);
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_text() {
        assert_eq!(escape("</script><img src='x'>&\0"), "&lt;/script&gt;&lt;img src=&#39;x&#39;&gt;&amp; ");
        let json = escape_json(r#"["</script>&"]"#);
        assert_eq!(json, r#"["\u003c/script\u003e\u0026"]"#);
        let back: Vec<String> = serde_json::from_str(&json).expect("still JSON");
        assert_eq!(back, ["</script>&"]);
    }

    #[test]
    fn what_is_filled_in_is_not_looked_at_again() {
        let parts = [("{{a}}", "{{b}}".to_owned()), ("{{b}}", "2".to_owned())];
        assert_eq!(filled("<{{a}}|{{b}}>", &parts), "<{{b}}|2>");
    }
}
