//! Neither a secret nor an issuer by itself verifies a token.

use tenancy_core::{Admission, Issuer};

fn main() {
    Admission::new("secret");
    let _ = |issuer: Issuer| Admission::new([issuer]);
}
