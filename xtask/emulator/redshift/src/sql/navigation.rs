//! Navigation of SUPER values with dots and brackets: `column.key[0].key`.
//!
//! Whether `a.b` is a column of the table `a` or a key of the column `a` depends on the relations in FROM, which are kept here
//! by scope. Keys are folded to lower case, as Redshift does by default. A JSON null is null.

use sqlparser::ast::{
    AccessExpr, BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments,
    Ident, JsonPathElem, ObjectName, Query, SetExpr, Subscript, TableFactor, TableWithJoins, Value,
};

use super::gate::{Outcome, refusal};
use super::names::parts;
use crate::rules::sql;

/// The names of the relations that each surrounding query reads.
#[derive(Debug, Default)]
pub(super) struct Scopes(Vec<Vec<Vec<String>>>);

impl Scopes {
    pub fn push_query(&mut self, query: &Query) {
        let mut body = query.body.as_ref();
        while let SetExpr::Query(inner) = body {
            body = inner.body.as_ref();
        }
        match body {
            SetExpr::Select(select) => self.push(&select.from),
            _ => self.0.push(Vec::new()),
        }
    }

    pub fn push(&mut self, from: &[TableWithJoins]) {
        let mut names = Vec::new();
        from.iter().for_each(|tables| collect(tables, &mut names));
        self.0.push(names);
    }

    /// Adds relations to the innermost scope.
    pub fn extend(&mut self, from: &[TableWithJoins]) {
        self.push(from);
        let names = self.0.pop().unwrap_or_default();
        self.0.last_mut().into_iter().for_each(|scope| scope.extend(names.iter().cloned()));
    }

    pub fn pop(&mut self) {
        self.0.pop();
    }

    /// How many of the parts name a relation; `None` if the first part is a column.
    fn relation(&self, parts: &[String]) -> Option<usize> {
        let longest = |name: &Vec<String>| (1..parts.len()).rev().find(|count| name.ends_with(&parts[..*count]));
        self.0.iter().rev().find_map(|scope| scope.iter().filter_map(longest).max())
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(Vec::is_empty)
    }
}

fn collect(tables: &TableWithJoins, names: &mut Vec<Vec<String>>) {
    for factor in std::iter::once(&tables.relation).chain(tables.joins.iter().map(|join| &join.relation)) {
        match factor {
            TableFactor::Table { name, alias, .. } => names.push(match alias {
                Some(alias) => vec![alias.name.value.to_ascii_lowercase()],
                None => parts(name),
            }),
            TableFactor::Derived { alias: Some(alias), .. } | TableFactor::Function { alias: Some(alias), .. } => {
                names.push(vec![alias.name.value.to_ascii_lowercase()]);
            }
            TableFactor::NestedJoin { table_with_joins, .. } => collect(table_with_joins, names),
            _ => {}
        }
    }
}

/// The navigation in an expression; `None` if there is none.
pub(super) fn navigation(scopes: &Scopes, expression: &Expr) -> Outcome<Option<Expr>> {
    match expression {
        Expr::CompoundIdentifier(idents) => Ok(compound(scopes, idents, Vec::new())),
        Expr::CompoundFieldAccess { root, access_chain } => {
            let mut keys = Vec::new();
            for access in access_chain {
                keys.push(access_key(access)?);
            }
            Ok(rooted(scopes, root, keys))
        }
        Expr::JsonAccess { value, path } => {
            let mut keys = Vec::new();
            for element in &path.path {
                keys.push(match element {
                    JsonPathElem::Dot { key, .. } => key.to_ascii_lowercase(),
                    JsonPathElem::Bracket { key } | JsonPathElem::ColonBracket { key } => subscript(key)?,
                });
            }
            Ok(rooted(scopes, value, keys))
        }
        _ => Ok(None),
    }
}

fn rooted(scopes: &Scopes, root: &Expr, keys: Vec<String>) -> Option<Expr> {
    match root {
        Expr::Identifier(_) => Some(path(root.clone(), keys)),
        Expr::CompoundIdentifier(idents) => {
            compound(scopes, idents, keys.clone()).or_else(|| Some(path(root.clone(), keys)))
        }
        other => Some(path(Expr::Nested(Box::new(other.clone())), keys)),
    }
}

fn compound(scopes: &Scopes, idents: &[Ident], rest: Vec<String>) -> Option<Expr> {
    let parts: Vec<String> = idents.iter().map(|ident| ident.value.to_ascii_lowercase()).collect();
    if scopes.is_empty() {
        return None;
    }
    // Without a relation, the first part is the column; else the part after the relation.
    let column = scopes.relation(&parts).unwrap_or(0) + 1;
    if column >= parts.len() && rest.is_empty() {
        return None;
    }
    let keys = parts[column..].iter().cloned().chain(rest).collect();
    let root = match &idents[..column] {
        [only] => Expr::Identifier(only.clone()),
        several => Expr::CompoundIdentifier(several.to_vec()),
    };
    Some(path(root, keys))
}

fn access_key(access: &AccessExpr) -> Outcome<String> {
    match access {
        AccessExpr::Dot(Expr::Identifier(ident)) => Ok(ident.value.to_ascii_lowercase()),
        AccessExpr::Subscript(Subscript::Index { index }) => subscript(index),
        other => Err(refusal(&sql::UNKNOWN_EXPRESSION, format!("the navigation {other} is not known to the emulator"))),
    }
}

fn subscript(index: &Expr) -> Outcome<String> {
    match index {
        Expr::Value(value) => match &value.value {
            Value::Number(number, _) => Ok(number.clone()),
            Value::SingleQuotedString(key) => Ok(key.to_ascii_lowercase()),
            _ => Err(refusal(&sql::UNKNOWN_EXPRESSION, format!("the subscript {index} is not known to the emulator"))),
        },
        _ => Err(refusal(&sql::NOT_EMULATED, format!("the subscript {index} is not emulated: it is not a literal"))),
    }
}

/// `nullif(column #> '{key,…}', 'null')`
fn path(column: Expr, keys: Vec<String>) -> Expr {
    let keys: Vec<String> =
        keys.iter().map(|key| format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""))).collect();
    let keys = text(format!("{{{}}}", keys.join(",")));
    let value = Expr::BinaryOp { left: Box::new(column), op: BinaryOperator::HashArrow, right: Box::new(keys) };
    call("nullif", vec![value, text("null".to_owned())])
}

fn text(value: String) -> Expr {
    Expr::value(Value::SingleQuotedString(value))
}

/// A call of a function of PostgreSQL.
pub(super) fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    let args = arguments.into_iter().map(|argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))).collect();
    Expr::Function(Function {
        name: ObjectName::from(Ident::new(name)),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList { duplicate_treatment: None, args, clauses: Vec::new() }),
        within_group: Vec::new(),
        filter: None,
        null_treatment: None,
        over: None,
    })
}

/// The text of a translated navigation, which a cast or a comparison needs; `None` for other expressions.
pub(super) fn as_text(expression: &Expr) -> Option<Expr> {
    let Expr::Function(Function { args: FunctionArguments::List(list), .. }) = expression else { return None };
    let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::BinaryOp {
        left,
        op: BinaryOperator::HashArrow,
        right,
    }))) = list.args.first()
    else {
        return None;
    };
    let text = Expr::BinaryOp { left: left.clone(), op: BinaryOperator::HashLongArrow, right: right.clone() };
    Some(Expr::Nested(Box::new(text)))
}
