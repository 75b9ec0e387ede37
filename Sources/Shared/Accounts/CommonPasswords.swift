/// The passwords that attackers try first, in lower case. The list has no password that is shorter than the minimum
/// length, because the length check refuses those.
enum CommonPasswords {
    static let all: Set<String> = Set(
        """
        00000000 000000000 0000000000 01234567 012345678 0123456789 11111111 111111111 1111111111 11223344 12121212 \
        12341234 12344321 123123123 123321123 1234567890 12345678 123456789 1234567891 12345679 123456a1 123456aa \
        1234abcd 12345qwe 123454321 1234qwer 123qweasd 147258369 159357456 1a2b3c4d 1q2w3e4r 1q2w3e4r5t 1qaz2wsx \
        1qaz2wsx3edc 1qazxsw2 20202020 22222222 33333333 44444444 55555555 66666666 77777777 87654321 88888888 \
        987654321 9876543210 98765432 99999999 a1234567 a12345678 a123456789 a1b2c3d4 aa123456 aa12345678 aaaaaaaa \
        abc12345 abcd1234 abcd12345 abcdefgh access14 adgjmptw admin123 admin1234 admin12345 administrator adminadmin \
        alexander asdasdasd asdf1234 asdfasdf asdfghjk asdfghjkl baseball basketball benjamin bismillah blink182 \
        butterfly caroline carolina changeit changeme changeme1 charlie1 charlotte chocolate christian christine \
        computer computer1 cocacola december default1 dragon123 elephant elizabeth estrella facebook february \
        fernando football football1 franklin freedom1 fuckyou1 garfield gfhjkmgfhjkm goldfish greenday hallo123 \
        hello123 hellohello iloveyou iloveyou1 iloveyou2 infinity internet isabella jennifer jessica1 jonathan \
        jordan23 kawasaki killer123 kimberly lasvegas letmein1 letmein123 liverpool liverpool1 logitech london123 \
        lovelove marlboro maverick mercedes michael1 michelle midnight monkey123 motorola mustang1 naruto123 \
        nicholas nothing1 november p@ssw0rd p@ssword passport passw0rd password password! password01 password1 \
        password11 password12 password123 password1234 password2 password3 passwords patricia pokemon1 precious \
        princess princess1 q1w2e3r4 q1w2e3r4t5 qazwsxedc qweasdzxc qweqweqwe qwer1234 qwerqwer qwert123 qwerty12 \
        qwerty123 qwerty1234 qwerty12345 qwertyui qwertyuio qwertyuiop qwertz123 rainbow1 remember rockyou1 \
        samantha samsung1 scorpion sebastian secret123 security september serenity snickers something spiderman \
        spongebob starwars startrek strawberry student1 sunshine sunshine1 superman superman1 swordfish sysadmin \
        tennis12 test1234 test12345 testtest testing1 testing123 thailand thunder1 tinkerbell toyota123 trustno1 \
        undertaker unknown1 user1234 valentina vanessa1 veronica victoria warcraft welcome1 welcome123 whatever \
        williams windows1 winston1 wordpass yamaha123 zaq12wsx zaq1zaq1 zxcvbnm1 zxcvbnm123 zxcvbnmm
        """.split(separator: " ").map(String.init))
}
