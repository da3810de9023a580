//! The words that decide where the tables of a statement stand.

/// Declares the words, with the numbers that they are told apart by.
macro_rules! keywords {
    ($($name:ident $word:literal)*) => {
        /// A word that the reader looks at. Every other is [`Keyword::None`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(in crate::scope) enum Keyword {
            None,
            $($name,)*
        }

        impl Keyword {
            /// What `word` is, in any case.
            pub(super) fn of(word: &[u8]) -> Self {
                if word.len() > LONGEST {
                    return Self::None;
                }
                let number = number_of(word);
                $(if number == const { number_of($word) } {
                    return Self::$name;
                })*
                Self::None
            }
        }
    };
}

keywords! {
    All b"all"
    As b"as"
    By b"by"
    Conflict b"conflict"
    Cross b"cross"
    Cycle b"cycle"
    Default b"default"
    Delete b"delete"
    Distinct b"distinct"
    Do b"do"
    Except b"except"
    Fetch b"fetch"
    For b"for"
    From b"from"
    Full b"full"
    Group b"group"
    Having b"having"
    In b"in"
    Inner b"inner"
    Insert b"insert"
    Intersect b"intersect"
    Into b"into"
    Is b"is"
    Join b"join"
    Key b"key"
    Lateral b"lateral"
    Left b"left"
    Limit b"limit"
    Lock b"lock"
    Materialized b"materialized"
    Merge b"merge"
    Natural b"natural"
    No b"no"
    Not b"not"
    Nothing b"nothing"
    Of b"of"
    Offset b"offset"
    On b"on"
    Only b"only"
    Order b"order"
    Ordinality b"ordinality"
    Recursive b"recursive"
    Returning b"returning"
    Right b"right"
    Row b"row"
    Rows b"rows"
    Search b"search"
    Select b"select"
    Set b"set"
    SetOf b"setof"
    Share b"share"
    StraightJoin b"straight_join"
    Table b"table"
    TableSample b"tablesample"
    Time b"time"
    Union b"union"
    Update b"update"
    Using b"using"
    Values b"values"
    Where b"where"
    Window b"window"
    With b"with"
}

/// No keyword is longer.
const LONGEST: usize = 13;

/// A word as a number, so that the compiler makes a search of all the comparisons. The bit that tells the case of a
/// letter is set; the other characters of words stay different from one another.
const fn number_of(mut word: &[u8]) -> u128 {
    let mut number = 0;
    while let [first, rest @ ..] = word {
        number = number << 8 | (*first | 0x20) as u128;
        word = rest;
    }
    number
}
