//! The reader of one statement: its tokens in order, for the parsers of this folder.

use std::sync::LazyLock;

use sqlparser::ast::{Expr, Ident, ObjectName, Query};
use sqlparser::derive_dialect;
use sqlparser::dialect::RedshiftSqlDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan};

use super::gate::{Gate, Outcome, refusal};
use super::names;
use crate::rules::{Refusal, sql};

// FILTER is parsed, so that it is refused by its name.
derive_dialect!(
    EmulatedDialect,
    RedshiftSqlDialect,
    preserve_type_id = true,
    overrides = { supports_filter_during_aggregation = true }
);

/// The dialect of all texts.
pub(super) static DIALECT: LazyLock<EmulatedDialect> = LazyLock::new(EmulatedDialect::new);

/// The tokens of one statement.
pub(super) struct Reader<'a> {
    pub gate: Gate<'a>,
    /// The statement as it was sent.
    pub text: &'a str,
    /// Where the words are that directly follow AS.
    pub labels: Vec<Location>,
    parser: Parser<'a>,
}

impl<'a> Reader<'a> {
    pub fn new(gate: Gate<'a>, text: &'a str, tokens: Vec<TokenWithSpan>) -> Self {
        let words: Vec<&TokenWithSpan> =
            tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).collect();
        let follows_as = |pair: &[&TokenWithSpan]| is(&pair[0].token, "as").then_some(pair[1].span.start);
        let labels = words.windows(2).filter_map(follows_as).collect();
        Self { gate, text, labels, parser: Parser::new(&*DIALECT).with_tokens_with_locations(tokens) }
    }

    /// Whether the next word is this one, in any case and without quotation marks.
    pub fn at(&self, word: &str) -> bool {
        is(&self.parser.peek_token_ref().token, word)
    }

    /// Whether the next words are these.
    pub fn at_all(&self, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(number, word)| is(&self.parser.peek_nth_token_ref(number).token, word))
    }

    /// Consumes the words if they are next.
    pub fn take_all(&mut self, words: &[&str]) -> bool {
        let found = self.at_all(words);
        if found {
            (0..words.len()).for_each(|_| self.parser.advance_token());
        }
        found
    }

    /// Consumes the word if it is next.
    pub fn take(&mut self, word: &str) -> bool {
        self.take_all(&[word])
    }

    /// Consumes whichever of the words is next.
    pub fn take_one_of<'w>(&mut self, words: &[&'w str]) -> Option<&'w str> {
        words.iter().copied().find(|word| self.take(word))
    }

    pub fn expect(&mut self, word: &str) -> Outcome {
        if self.take(word) { Ok(()) } else { Err(self.unexpected()) }
    }

    pub fn at_symbol(&self, symbol: &Token) -> bool {
        self.parser.peek_token_ref().token == *symbol
    }

    /// Whether the token after the next `ahead` ones is this symbol.
    pub fn symbol_after(&self, ahead: usize, symbol: &Token) -> bool {
        self.parser.peek_nth_token_ref(ahead).token == *symbol
    }

    pub fn take_symbol(&mut self, symbol: &Token) -> bool {
        self.parser.consume_token(symbol)
    }

    pub fn expect_symbol(&mut self, symbol: &Token) -> Outcome {
        if self.take_symbol(symbol) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// The next word in upper case, for messages; empty if the next token is no word.
    pub fn word(&self) -> String {
        self.word_after(0)
    }

    /// The word after the next `ahead` tokens, in upper case.
    pub fn word_after(&self, ahead: usize) -> String {
        match &self.parser.peek_nth_token_ref(ahead).token {
            Token::Word(word) if word.quote_style.is_none() => word.value.to_ascii_uppercase(),
            _ => String::new(),
        }
    }

    /// An identifier that is not a reserved word, spelled for PostgreSQL.
    pub fn ident(&mut self) -> Outcome<Ident> {
        let mut ident = self.any_word()?;
        names::check_word(self.gate, &ident)?;
        names::spell(self.gate, &mut ident)?;
        Ok(ident)
    }

    /// Any word as an identifier, as it is written: the name of a user or role, or of a parameter.
    pub fn any_word(&mut self) -> Outcome<Ident> {
        match self.parser.peek_token_ref().token.clone() {
            Token::Word(word) => {
                self.parser.advance_token();
                Ok(Ident { quote_style: word.quote_style.map(|_| '"'), ..Ident::new(word.value) })
            }
            _ => Err(self.unexpected()),
        }
    }

    /// A name with up to three parts; reserved words may follow a dot.
    pub fn name(&mut self) -> Outcome<ObjectName> {
        let mut parts = vec![self.ident()?];
        while parts.len() < 3 && self.take_symbol(&Token::Period) {
            let mut part = self.any_word()?;
            names::spell(self.gate, &mut part)?;
            parts.push(part);
        }
        Ok(ObjectName::from(parts))
    }

    /// Items separated by commas.
    pub fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Outcome<T>) -> Outcome<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.take_symbol(&Token::Comma) {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// Items separated by commas, in parentheses.
    pub fn parenthesized<T>(&mut self, item: impl FnMut(&mut Self) -> Outcome<T>) -> Outcome<Vec<T>> {
        self.expect_symbol(&Token::LParen)?;
        let items = self.list(item)?;
        self.expect_symbol(&Token::RParen)?;
        Ok(items)
    }

    /// A text literal, in quotation marks or between dollar signs.
    pub fn string(&mut self) -> Outcome<String> {
        match self.parser.peek_token_ref().token.clone() {
            Token::SingleQuotedString(text) => {
                self.parser.advance_token();
                Ok(text)
            }
            Token::DollarQuotedString(text) => {
                self.parser.advance_token();
                Ok(text.value)
            }
            _ => Err(self.unexpected()),
        }
    }

    /// A number without a sign.
    pub fn number(&mut self) -> Outcome<u64> {
        let Token::Number(text, _) = self.parser.peek_token_ref().token.clone() else { return Err(self.unexpected()) };
        let number = text.parse().map_err(|_| self.unexpected())?;
        self.parser.advance_token();
        Ok(number)
    }

    pub fn query(&mut self) -> Outcome<Box<Query>> {
        let query = self.parser.parse_query();
        self.parsed(query)
    }

    pub fn expression(&mut self) -> Outcome<Expr> {
        let expression = self.parser.parse_expr();
        self.parsed(expression)
    }

    /// Parses with `sqlparser`.
    pub fn parse<T>(&mut self, parse: impl FnOnce(&mut Parser<'a>) -> Result<T, ParserError>) -> Outcome<T> {
        let parsed = parse(&mut self.parser);
        self.parsed(parsed)
    }

    fn parsed<T>(&self, parsed: Result<T, ParserError>) -> Outcome<T> {
        parsed.map_err(|error| match error {
            ParserError::RecursionLimitExceeded => refusal(&sql::NOT_EMULATED, "the statement is nested too deeply"),
            ParserError::TokenizerError(message) | ParserError::ParserError(message) => {
                refusal(&sql::SYNTAX, format!("syntax error: {message}"))
            }
        })
    }

    /// Whether all tokens are consumed.
    pub fn at_end(&self) -> bool {
        self.at_symbol(&Token::EOF)
    }

    pub fn end(&self) -> Outcome {
        if self.at_end() { Ok(()) } else { Err(self.unexpected()) }
    }

    /// The refusal of the next token.
    pub fn unexpected(&self) -> Refusal {
        let message = match &self.parser.peek_token_ref().token {
            Token::EOF => "syntax error at end of input".to_owned(),
            token => format!("syntax error at or near \"{token}\""),
        };
        refusal(&sql::SYNTAX, message)
    }
}

fn is(token: &Token, expected: &str) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(expected))
}
