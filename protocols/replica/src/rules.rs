//! Safety rules as named bits: a run may leave one out, and is then a *mutant*.

/// One safety rule of a protocol, for people: what `quorate rules` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleText {
    /// The rule's name, `protocol/section-or-word`, as trace events carry it.
    pub id: &'static str,
    /// What must hold, in one sentence.
    pub sentence: &'static str,
    /// The paper and section it comes from.
    pub source: &'static str,
}

/// A rule's place in its protocol's list of [`RuleText`]s. `0 <= bit < 64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleBit(pub u8);

/// The rules that a replica obeys: all of them, unless a run leaves some out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Rules {
    /// The bits of the rules left out.
    left_out: u64,
}

impl Rules {
    /// Every rule.
    pub const ALL: Rules = Rules { left_out: 0 };

    /// These rules but `rule`.
    #[must_use]
    pub const fn without(self, rule: RuleBit) -> Rules {
        Rules { left_out: self.left_out | 1 << rule.0 }
    }

    /// Whether `rule` is obeyed.
    #[inline]
    pub const fn obeys(self, rule: RuleBit) -> bool {
        self.left_out >> rule.0 & 1 == 0
    }

    /// Whether every rule is obeyed. Real-network mode serves nothing else.
    pub const fn is_whole(self) -> bool {
        self.left_out == 0
    }
}
