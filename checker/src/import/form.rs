//! A small reader of EDN, the notation of Clojure in which Jepsen writes histories: <https://github.com/edn-format/edn>.
//!
//! Why not a crate: those that are well kept tell where the *text* is malformed, but not where a value stands (or only
//! in a part of them that is declared unstable), so that "this file's line 7 has a wrong key" could not be pointed at;
//! they read a file that is one vector as a whole; and none goes on after an error. What is read here is a form at a
//! time, with the bytes it stands in. Tags are read and dropped: `#jepsen.history.Op{..}` is the map behind it.
//!
//! Hostile input: nesting is bounded ([`DEPTH_MAX`]), and memory is proportional to the text of one form.

use std::borrow::Cow;
use std::ops::Range;

use super::faults::Draft;

/// Forms within forms. Stack traces of exceptions, the deepest that histories hold, stay below a dozen.
const DEPTH_MAX: usize = 64;

/// A piece of data, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Form<'a> {
    /// Its bytes in the file.
    pub(super) span: Range<usize>,
    /// What it is.
    pub(super) what: What<'a>,
}

/// A piece of data.
#[derive(Clone, Debug)]
pub(super) enum What<'a> {
    /// `nil`
    Nil,
    /// A whole number.
    Integer(i128),
    /// `"text"`, its escapes resolved.
    Text(Cow<'a, str>),
    /// `:word`, without its colon.
    Keyword(&'a str),
    /// Symbols, `true`, `1.5`, `\c`: as written.
    Other(&'a str),
    /// `[..]` or `(..)`
    Sequence(Vec<Form<'a>>),
    /// `#{..}`
    Set(Vec<Form<'a>>),
    /// `{..}`
    Map(Vec<(Form<'a>, Form<'a>)>),
}

impl<'a> Form<'a> {
    /// What stands there, in a word or two.
    pub(super) fn name(&self) -> String {
        match &self.what {
            What::Nil => "nil".to_owned(),
            What::Integer(number) => number.to_string(),
            What::Text(text) => format!("{text:?}"),
            What::Keyword(word) => format!(":{word}"),
            What::Other(atom) => (*atom).to_owned(),
            What::Sequence(_) => "a vector".to_owned(),
            What::Set(forms) => format!("a set of {}", forms.len()),
            What::Map(_) => "a map".to_owned(),
        }
    }

    pub(super) fn is_nil(&self) -> bool {
        matches!(self.what, What::Nil)
    }

    /// The two halves of `[a b]`.
    pub(super) fn pair(&self) -> Option<(&Form<'a>, &Form<'a>)> {
        match &self.what {
            What::Sequence(forms) => match forms.as_slice() {
                [left, right] => Some((left, right)),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Reads forms one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
}

/// What [`Reader::next`] came upon.
#[derive(Debug)]
pub(super) enum Next<'a> {
    Form(Form<'a>),
    /// A closing bracket that closes nothing here, and its place. It has been read.
    Closing(Range<usize>),
    End,
}

impl<'a> Reader<'a> {
    /// Reads `text` from this byte on.
    pub(super) fn new(text: &'a str, at: usize) -> Reader<'a> {
        Reader { text, at }
    }

    /// The next byte to be read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The next form.
    pub(super) fn next(&mut self) -> Result<Next<'a>, Draft> {
        self.form(0)
    }

    /// Goes to the beginning of the next line.
    pub(super) fn skip_line(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |newline| newline + 1);
    }

    /// Goes past white space, commas and comments to the next byte of a form, if there is one.
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            match *rest.first()? {
                b';' => self.skip_line(),
                b',' => self.at += 1,
                byte if byte.is_ascii_whitespace() => self.at += 1,
                byte => return Some(byte),
            }
        }
    }

    /// Goes past one byte that [`Reader::peek`] has seen.
    pub(super) fn skip_byte(&mut self) {
        self.at += 1;
    }

    fn form(&mut self, depth: usize) -> Result<Next<'a>, Draft> {
        let Some(byte) = self.peek() else { return Ok(Next::End) };
        let start = self.at;
        if DEPTH_MAX <= depth {
            let first = self.text[start..].chars().next().map_or(0, char::len_utf8);
            let problem = "data is nested too deep";
            return Err(Draft::new(start..start + first, problem, format!("at most {DEPTH_MAX} levels")));
        }
        let what = match byte {
            b'[' | b'(' => self.sequence(1, depth).map(What::Sequence)?,
            b'{' => self.map(depth)?,
            b'"' => self.string()?,
            b'#' => return self.dispatch(depth),
            b')' | b']' | b'}' => {
                self.at += 1;
                return Ok(Next::Closing(start..self.at));
            }
            b'^' | b'\'' | b'`' | b'~' | b'@' => {
                return Err(Draft::new(start..start + 1, format!("{:?} is no data", byte as char), "EDN"));
            }
            _ => self.atom(),
        };
        Ok(Next::Form(Form { span: start..self.at, what }))
    }

    /// A form that has to be there.
    fn needed(&mut self, depth: usize, start: usize) -> Result<Form<'a>, Draft> {
        match self.form(depth)? {
            Next::Form(form) => Ok(form),
            Next::Closing(span) => Err(Draft::new(span, "a bracket closes too early", "a form before it")),
            Next::End => Err(Draft::new(start..self.at, "the file ends", "a form here")),
        }
    }

    /// Forms up to the bracket that closes the one of `open` bytes at hand.
    fn sequence(&mut self, open: usize, depth: usize) -> Result<Vec<Form<'a>>, Draft> {
        let opening = self.at..self.at + open;
        let bracket = self.text.as_bytes()[opening.end - 1];
        let closing = match bracket {
            b'[' => "]",
            b'(' => ")",
            _ => "}",
        };
        self.at = opening.end;
        let mut forms = Vec::new();
        loop {
            match self.form(depth + 1)? {
                Next::Form(form) => forms.push(form),
                Next::Closing(span) if &self.text[span.clone()] == closing => return Ok(forms),
                Next::Closing(span) => {
                    let problem =
                        format!("{:?} is not closed: {:?} comes first", bracket as char, &self.text[span]);
                    return Err(Draft::new(opening, problem, format!("{closing:?} before that")));
                }
                Next::End => {
                    let problem = format!("{:?} is never closed", bracket as char);
                    return Err(Draft::new(opening, problem, format!("{closing:?} further on")));
                }
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<What<'a>, Draft> {
        let start = self.at;
        let forms = self.sequence(1, depth)?;
        if !forms.len().is_multiple_of(2) {
            return Err(Draft::new(
                start..self.at,
                "a key of the map has no value",
                "keys and values in turn",
            ));
        }
        let mut pairs = Vec::with_capacity(forms.len() / 2);
        let mut forms = forms.into_iter();
        while let (Some(key), Some(value)) = (forms.next(), forms.next()) {
            pairs.push((key, value));
        }
        Ok(What::Map(pairs))
    }

    /// What begins with `#`: a set, a discarded form, a tag.
    fn dispatch(&mut self, depth: usize) -> Result<Next<'a>, Draft> {
        let start = self.at;
        match self.text.as_bytes().get(start + 1) {
            Some(b'{') => {
                let forms = self.sequence(2, depth)?;
                Ok(Next::Form(Form { span: start..self.at, what: What::Set(forms) }))
            }
            Some(b'_') => {
                self.at += 2;
                self.needed(depth + 1, start)?;
                self.form(depth + 1)
            }
            Some(byte) if byte.is_ascii_alphabetic() => {
                self.at += 1;
                self.word();
                self.needed(depth + 1, start).map(|form| Next::Form(Form { span: start..self.at, ..form }))
            }
            _ => Err(Draft::new(start..start + 1, "\"#\" is followed by nothing known", "a set or a tag")),
        }
    }

    fn string(&mut self) -> Result<What<'a>, Draft> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut escaped = false;
        self.at += 1;
        loop {
            match bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2;
                }
                Some(_) => self.at += 1,
                None => {
                    self.at = bytes.len();
                    return Err(Draft::new(start..start + 1, "a text is never closed", "a quote at its end"));
                }
            }
        }
        let inner = &self.text[start + 1..self.at];
        self.at += 1;
        if !escaped {
            return Ok(What::Text(Cow::Borrowed(inner)));
        }
        let resolved = unescape(inner).ok_or_else(|| {
            Draft::new(start..self.at, "a text has an unknown escape", r#"\" \\ \n \t \r or \u0041"#)
        })?;
        Ok(What::Text(Cow::Owned(resolved)))
    }

    /// The characters up to a white space, a comma, a bracket or a quote.
    fn word(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let is_end = |c: char| c.is_ascii_whitespace() || ",;\"()[]{}".contains(c);
        let word = &rest[..rest.find(is_end).unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    fn atom(&mut self) -> What<'a> {
        let start = self.at;
        if self.text.as_bytes()[start] == b'\\' {
            // A character: what follows the backslash belongs to it, whatever it is.
            let first = self.text[start + 1..].chars().next().map_or(0, char::len_utf8);
            self.at += 1 + first;
            self.word();
            return What::Other(&self.text[start..self.at]);
        }
        let word = self.word();
        if word == "nil" {
            return What::Nil;
        }
        if let Some(keyword) = word.strip_prefix(':') {
            return What::Keyword(keyword);
        }
        let digits = word.strip_suffix('N').unwrap_or(word);
        digits.parse().map_or(What::Other(word), What::Integer)
    }
}

/// Resolves the escapes of a text.
fn unescape(text: &str) -> Option<String> {
    let mut resolved = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            resolved.push(character);
            continue;
        }
        resolved.push(match characters.next()? {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            '"' => '"',
            '\\' => '\\',
            'u' => {
                let digits = characters.as_str().get(..4)?;
                characters = characters.as_str()[4..].chars();
                char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
            }
            _ => return None,
        });
    }
    Some(resolved)
}
