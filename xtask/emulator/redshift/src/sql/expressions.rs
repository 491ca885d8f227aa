//! Expressions and operators that Redshift has.

use sqlparser::ast::{
    BinaryOperator, CastKind, CeilFloorKind, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, InTarget, Interval,
    UnaryOperator,
};

use super::data_types::{self, Place};
use super::gate::{Gate, Outcome};
use super::names::check_word;
use super::walk::Walk;
use super::{date_parts, functions};
use crate::rules::sql;

/// Words that stand for a value although they are reserved.
const VALUES: [&str; 5] = ["sysdate", "default", "current_user", "session_user", "user"];

/// Checks an expression, not the ones in it.
pub(super) fn check(walk: &mut Walk<'_>, expression: &mut Expr) -> Outcome {
    let gate = walk.gate;
    let unknown = |known: bool, name: &str| {
        gate.refuse_if(!known, &sql::UNKNOWN_EXPRESSION, format!("{name} is not known to the emulator"))
    };
    match expression {
        Expr::Identifier(ident) => {
            let value =
                ident.quote_style.is_none() && VALUES.iter().any(|value| ident.value.eq_ignore_ascii_case(value));
            if value { functions::note(walk, &[ident.value.to_ascii_lowercase()]) } else { check_word(gate, ident) }
        }
        Expr::CompoundIdentifier(idents) => idents.first().map_or(Ok(()), |first| check_word(gate, first)),
        Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotUnknown(_)
        | Expr::Between { .. }
        | Expr::SimilarTo { .. }
        | Expr::AtTimeZone { .. }
        | Expr::Position { .. }
        | Expr::Nested(_)
        | Expr::Value(_)
        | Expr::Case { .. }
        | Expr::Exists { .. }
        | Expr::Subquery(_)
        | Expr::GroupingSets(_)
        | Expr::Cube(_)
        | Expr::Rollup(_)
        | Expr::Tuple(_)
        | Expr::CompoundFieldAccess { .. }
        | Expr::JsonAccess { .. } => Ok(()),
        Expr::IsDistinctFrom(..) | Expr::IsNotDistinctFrom(..) => {
            gate.refuse(&sql::IS_DISTINCT_FROM, "IS DISTINCT FROM is not supported")
        }
        Expr::In { target, global, .. } => {
            unknown(matches!(target, InTarget::List(_) | InTarget::Subquery(_)) && !*global, "this form of IN")
        }
        Expr::BinaryOp { op, .. } => check_binary(gate, op),
        Expr::UnaryOp { op, .. } => {
            unknown(matches!(op, UnaryOperator::Plus | UnaryOperator::Minus | UnaryOperator::Not), &op.to_string())
        }
        Expr::Like { any, .. } | Expr::ILike { any, .. } => unknown(!*any, "LIKE ANY"),
        Expr::AnyOp { right, .. } | Expr::AllOp { right, .. } => {
            let query = matches!(right.as_ref(), Expr::Subquery(_));
            gate.refuse_if(!query, &sql::ARRAY, "op ANY/ALL (array) is not supported")
        }
        Expr::Cast { kind, data_type, format, .. } => {
            unknown(matches!(kind, CastKind::Cast | CastKind::DoubleColon) && format.is_none(), "this form of CAST")?;
            *data_type = data_types::translate(gate, data_type, Place::Expression)?;
            Ok(())
        }
        Expr::TypedString(typed) => {
            unknown(!typed.uses_odbc_syntax, "{d …}")?;
            typed.data_type = data_types::translate(gate, &typed.data_type, Place::Expression)?;
            Ok(())
        }
        Expr::Extract { field, .. } => {
            let known = date_parts::named(&field.to_string()).is_some();
            gate.refuse_if(
                !known,
                &sql::UNKNOWN_DATE_PART,
                format!("the date part {field} is not known to the emulator"),
            )
        }
        Expr::Ceil { field, .. } | Expr::Floor { field, .. } => {
            let plain = !matches!(field, CeilFloorKind::Scale(_)) && !expression.to_string().contains(" TO ");
            unknown(plain, "this form of CEIL or FLOOR")
        }
        Expr::Substring { special: _, .. } => Ok(()),
        Expr::Trim { trim_characters, .. } => unknown(trim_characters.is_none(), "this form of TRIM"),
        Expr::Interval(interval) => unknown(is_plain(interval), "this form of INTERVAL"),
        Expr::Function(function) => functions::check(walk, function),
        Expr::Prefixed { prefix, value } => {
            let known = prefix.value.eq_ignore_ascii_case("approximate") && matches!(value.as_ref(), Expr::Function(_));
            unknown(known, &prefix.value)
        }
        Expr::Array(_) => gate.refuse(&sql::ARRAY, "array constructors are not supported"),
        other => unknown(false, &other.to_string()),
    }
}

/// `INTERVAL '6 hours'`, without a field.
fn is_plain(interval: &Interval) -> bool {
    let Interval { value, leading_field: _, leading_precision, last_field, fractional_seconds_precision } = interval;
    matches!(value.as_ref(), Expr::Value(_))
        && leading_precision.is_none()
        && last_field.is_none()
        && fractional_seconds_precision.is_none()
}

fn check_binary(gate: Gate<'_>, op: &BinaryOperator) -> Outcome {
    match op {
        BinaryOperator::Plus
        | BinaryOperator::Minus
        | BinaryOperator::Multiply
        | BinaryOperator::Divide
        | BinaryOperator::Modulo
        | BinaryOperator::StringConcat
        | BinaryOperator::Gt
        | BinaryOperator::Lt
        | BinaryOperator::GtEq
        | BinaryOperator::LtEq
        | BinaryOperator::Eq
        | BinaryOperator::NotEq
        | BinaryOperator::And
        | BinaryOperator::Or
        | BinaryOperator::BitwiseOr
        | BinaryOperator::BitwiseAnd
        | BinaryOperator::PGBitwiseXor
        | BinaryOperator::PGBitwiseShiftLeft
        | BinaryOperator::PGBitwiseShiftRight
        | BinaryOperator::PGExp
        | BinaryOperator::PGRegexMatch
        | BinaryOperator::PGRegexNotMatch => Ok(()),
        BinaryOperator::Arrow
        | BinaryOperator::LongArrow
        | BinaryOperator::HashArrow
        | BinaryOperator::HashLongArrow
        | BinaryOperator::HashMinus
        | BinaryOperator::AtArrow
        | BinaryOperator::ArrowAt
        | BinaryOperator::AtAt
        | BinaryOperator::AtQuestion
        | BinaryOperator::Question
        | BinaryOperator::QuestionAnd
        | BinaryOperator::QuestionPipe => gate.refuse(&sql::JSON_OPERATOR, format!("operator does not exist: {op}")),
        other => gate.refuse(&sql::UNKNOWN_EXPRESSION, format!("the operator {other} is not known to the emulator")),
    }
}

/// The arguments of a function that are expressions, in order.
pub(super) fn arguments(args: &mut FunctionArguments) -> Vec<&mut Expr> {
    let FunctionArguments::List(list) = args else { return Vec::new() };
    let expressions = list.args.iter_mut().filter_map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => Some(expression),
        _ => None,
    });
    expressions.collect()
}
