//! Expressions in PostgreSQL's spelling, after their check and from the inside out.

use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, CharacterLength, DataType, DateTimeField, DollarQuotedString, Expr, Function,
    FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, Ident, ObjectName, OrderByExpr,
    OrderByOptions, Value,
};

use super::gate::Outcome;
use super::navigation::{as_text, call, navigation};
use super::walk::Walk;
use super::{data_types, date_parts, expressions, names};
use crate::rules::sql;

/// Functions whose first argument is a date part.
const DATED: [&str; 5] = ["datediff", "date_diff", "dateadd", "date_part", "date_trunc"];

/// Replaces an expression, whose parts are replaced already.
pub(super) fn expression(walk: &mut Walk<'_>, expression: &mut Expr) -> Outcome {
    if let Some(found) = navigation(&walk.scopes, expression)? {
        walk.facts.navigated = true;
        *expression = found;
        return Ok(());
    }
    match expression {
        Expr::Identifier(ident) if ident.quote_style.is_none() && ident.value == "sysdate" => {
            *expression = timestamp();
        }
        Expr::BinaryOp { left, op, right } if compares(op) => {
            if is_text(right)
                && let Some(text) = as_text(left)
            {
                **left = text;
            } else if is_text(left)
                && let Some(text) = as_text(right)
            {
                **right = text;
            }
        }
        Expr::Cast { expr, data_type, .. } => {
            if let Some(text) = as_text(expr) {
                **expr = text;
            } else if let DataType::Varchar(length) = data_type
                && !is_short_text(expr, length.as_ref())
            {
                let bytes = match length {
                    Some(CharacterLength::IntegerLength { length, .. }) => *length,
                    _ => data_types::MOST_TEXT,
                };
                let bytes = Expr::value(Value::Number(bytes.to_string(), false));
                **expr = call("redshift.as_text", vec![expr.as_ref().clone(), bytes]);
            }
        }
        Expr::Extract { field, .. } => {
            if let Some(name) = date_parts::named(&field.to_string()) {
                *field = DateTimeField::Custom(Ident::new(name));
            }
        }
        Expr::Prefixed { value, .. } => *expression = value.as_ref().clone(),
        Expr::Function(function) => {
            if let Some(replaced) = rewritten(walk, function)? {
                *expression = replaced;
            }
        }
        _ => {}
    }
    Ok(())
}

/// A literal that a cast neither cuts nor converts.
fn is_short_text(expression: &Expr, length: Option<&CharacterLength>) -> bool {
    let Expr::Value(value) = expression else { return false };
    let most = match length {
        Some(CharacterLength::IntegerLength { length, .. }) => usize::try_from(*length).unwrap_or(usize::MAX),
        _ => usize::MAX,
    };
    match &value.value {
        Value::Null => true,
        Value::SingleQuotedString(text) => text.len() <= most,
        Value::DollarQuotedString(text) => text.value.len() <= most,
        _ => false,
    }
}

fn is_text(expression: &Expr) -> bool {
    let Expr::Value(value) = expression else { return false };
    matches!(value.value, Value::SingleQuotedString(_) | Value::DollarQuotedString(_))
}

/// The time at which the transaction started, in UTC.
fn timestamp() -> Expr {
    let zone = Expr::value(Value::SingleQuotedString("UTC".to_owned()));
    let utc = Expr::AtTimeZone { timestamp: Box::new(call("now", Vec::new())), time_zone: Box::new(zone) };
    Expr::Nested(Box::new(utc))
}

fn compares(op: &BinaryOperator) -> bool {
    use BinaryOperator as Op;
    matches!(op, Op::Eq | Op::NotEq | Op::Lt | Op::LtEq | Op::Gt | Op::GtEq)
}

fn rewritten(walk: &Walk<'_>, function: &mut Function) -> Outcome<Option<Expr>> {
    let parts = names::parts(&function.name);
    let Some(name) = parts.last().cloned() else { return Ok(None) };
    if DATED.contains(&name.as_str()) {
        date_part(walk, &name, function)?;
    }
    let mut rename = |to: &str| function.name = ObjectName::from(Ident::new(to));
    match name.as_str() {
        "nvl" => rename("coalesce"),
        "len" => rename("length"),
        "date_diff" => rename("datediff"),
        "array" => rename("jsonb_build_array"),
        "object" => rename("jsonb_build_object"),
        "dexp" => rename("exp"),
        "dlog1" => rename("ln"),
        "dlog10" => rename("log"),
        "listagg" => listagg(function),
        "median" => median(function),
        "charindex" => {
            rename("strpos");
            if let FunctionArguments::List(list) = &mut function.args {
                list.args.reverse();
            }
        }
        "concat" => {
            let arguments = taken(function);
            let joined = arguments.into_iter().reduce(|left, right| Expr::BinaryOp {
                left: Box::new(left),
                op: BinaryOperator::StringConcat,
                right: Box::new(right),
            });
            return Ok(joined.map(|joined| Expr::Nested(Box::new(joined))));
        }
        "nvl2" => {
            if let [value, set, unset] = taken(function).as_slice() {
                let missing = call("num_nulls", vec![value.clone()]);
                let zero = Expr::value(Value::Number("0".to_owned(), false));
                let condition =
                    Expr::BinaryOp { left: Box::new(missing), op: BinaryOperator::Eq, right: Box::new(zero) };
                return Ok(Some(case(condition, set.clone(), unset.clone())));
            }
        }
        _ => {}
    }
    Ok(None)
}

fn case(condition: Expr, then: Expr, otherwise: Expr) -> Expr {
    Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![CaseWhen { condition, result: then }],
        else_result: Some(Box::new(otherwise)),
    }
}

fn taken(function: &mut Function) -> Vec<Expr> {
    expressions::arguments(&mut function.args).into_iter().map(|expression| expression.clone()).collect()
}

/// The date part as a text literal.
fn date_part(walk: &Walk<'_>, function: &str, call: &mut Function) -> Outcome {
    let arguments = expressions::arguments(&mut call.args);
    let Some(first) = arguments.into_iter().next() else { return Ok(()) };
    let part = match first {
        Expr::Identifier(ident) => ident.value.clone(),
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => text.clone(),
            _ => return Ok(()),
        },
        _ => return Ok(()),
    };
    match date_parts::named(&part) {
        Some(name) => *first = Expr::value(Value::SingleQuotedString(name.to_owned())),
        None => {
            let message = format!("the date part {part} of {function} is not known to the emulator");
            walk.gate.refuse(&sql::UNKNOWN_DATE_PART, message)?;
        }
    }
    Ok(())
}

/// `listagg(value, separator) WITHIN GROUP (ORDER BY …)` as `string_agg(value::text, separator ORDER BY …)`.
fn listagg(function: &mut Function) {
    function.name = ObjectName::from(Ident::new("string_agg"));
    let mut order = std::mem::take(&mut function.within_group);
    let FunctionArguments::List(list) = &mut function.args else { return };
    if let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(value))) = list.args.first_mut() {
        let text =
            Expr::Cast { kind: CastKind::Cast, expr: Box::new(value.clone()), data_type: DataType::Text, format: None };
        // With DISTINCT, PostgreSQL orders by an argument.
        if list.duplicate_treatment.is_some() {
            order.iter_mut().filter(|by| by.expr == *value).for_each(|by| by.expr = text.clone());
        }
        *value = text;
    }
    if list.args.len() == 1 {
        let separator = Expr::value(Value::SingleQuotedString(String::new()));
        list.args.push(FunctionArg::Unnamed(FunctionArgExpr::Expr(separator)));
    }
    if !order.is_empty() {
        list.clauses.push(FunctionArgumentClause::OrderBy(order));
    }
}

/// `median(value)` as `percentile_cont(0.5) WITHIN GROUP (ORDER BY value)`.
fn median(function: &mut Function) {
    let Some(value) = taken(function).into_iter().next() else { return };
    let half = Expr::value(Value::Number("0.5".to_owned(), false));
    let Expr::Function(mut replaced) = call("percentile_cont", vec![half]) else { return };
    replaced.within_group =
        vec![OrderByExpr { expr: value, options: OrderByOptions { sort: None, nulls_first: None }, with_fill: None }];
    *function = replaced;
}

/// Text with quotation marks in dollar quotes: `sqlparser` does not always double the marks.
pub(super) fn literal(value: &mut Value) {
    let Value::SingleQuotedString(text) = value else { return };
    if text.contains('\'') {
        let tag = if text.contains("$text$") { "text2" } else { "text" };
        let quoted = DollarQuotedString { value: std::mem::take(text), tag: Some(tag.to_owned()) };
        *value = Value::DollarQuotedString(quoted);
    }
}
