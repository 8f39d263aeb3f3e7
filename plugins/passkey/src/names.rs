//! What passkeys are called before their users have given them a name: by what keeps them, as it says itself (AAGUID).
//! Nothing is decided by it, since nothing attests it.

/// What keeps passkeys, and is met often.
const KNOWN: [(u128, &str); 16] = [
    (0xfbfc3007_154e_4ecc_8c0b_6e020557d7bd, "Apple Passwords"),
    (0xdd4ec289_e01d_41c9_bb89_70fa845d4bf2, "Apple Passwords"),
    (0xea9b8d66_4d01_1d21_3ce4_b6b48cb575d4, "Google Password Manager"),
    (0xadce0002_35bc_c60a_648b_0b25f1f05503, "Chrome on Mac"),
    (0x771b48fd_d3d4_4f74_9232_fc157ab0507a, "Edge on Mac"),
    (0x08987058_cadc_4b81_b6e1_30de50dcbe96, "Windows Hello"),
    (0x9ddd1817_af5a_4672_a2b9_3e3dd95000a9, "Windows Hello"),
    (0x6028b017_b1d4_4c02_b4b3_afcdafc96bb2, "Windows Hello"),
    (0xd3452668_01fd_4c12_926c_83a4204853aa, "Microsoft Password Manager"),
    (0x53414d53_554e_4700_0000_000000000000, "Samsung Pass"),
    (0xbada5566_a7aa_401f_bd96_45619a55120d, "1Password"),
    (0xd548826e_79b4_db40_a3d8_11116f7e8349, "Bitwarden"),
    (0x531126d6_e717_415c_9320_3d9aa6981239, "Dashlane"),
    (0x0ea242b4_43c4_4a1b_8b17_dd6d0b6baec6, "Keeper"),
    (0xfdb141b2_5d84_443e_8a35_4698c205a502, "KeePassXC"),
    (0x50726f74_6f6e_5061_7373_50726f746f6e, "Proton Pass"),
];

/// The name, or none.
pub(crate) fn of(aaguid: &[u8; 16]) -> &'static str {
    let asked = u128::from_be_bytes(*aaguid);
    KNOWN.iter().find(|(aaguid, _)| *aaguid == asked).map_or("", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_has_its_name_and_all_else_has_none() {
        assert_eq!(of(b"SAMSUNG\0\0\0\0\0\0\0\0\0"), "Samsung Pass");
        assert_eq!(of(b"ProtonPassProton"), "Proton Pass");
        assert_eq!(of(&[0; 16]), "");
        assert_eq!(of(&[0xff; 16]), "");
    }
}
