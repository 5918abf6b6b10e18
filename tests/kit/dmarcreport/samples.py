"""Reports that the tests share."""

__all__ = ["OLD", "SAMPLE"]

# After RFC 9990 appendix B.
SAMPLE = b"""<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">
  <version>1.0</version>
  <report_metadata>
    <org_name>Sample Reporter</org_name>
    <email>report_sender@example-reporter.com</email>
    <extra_contact_info lang="en">https://example-reporter.com/dmarc</extra_contact_info>
    <report_id>3v98abbp8ya9n3va8yr8oa3ya</report_id>
    <date_range>
      <begin>302832000</begin>
      <end>302918399</end>
    </date_range>
    <generator>Example DMARC Aggregate Reporter v1.2</generator>
  </report_metadata>
  <policy_published>
    <domain>example.com</domain>
    <p>quarantine</p>
    <sp>none</sp>
    <np>none</np>
    <testing>n</testing>
    <discovery_method>treewalk</discovery_method>
  </policy_published>
  <extension><ext:arc xmlns:ext="urn:x">never</ext:arc></extension>
  <record>
    <row>
      <source_ip>192.0.2.123</source_ip>
      <count>123</count>
      <policy_evaluated>
        <disposition>pass</disposition>
        <dkim>pass</dkim>
        <spf>fail</spf>
      </policy_evaluated>
    </row>
    <identifiers>
      <envelope_from>example.com</envelope_from>
      <header_from>example.com</header_from>
    </identifiers>
    <auth_results>
      <dkim>
        <domain>example.com</domain>
        <result>pass</result>
        <selector>abc123</selector>
      </dkim>
      <spf>
        <domain>example.com</domain>
        <result>fail</result>
      </spf>
    </auth_results>
  </record>
</feedback>
"""

# RFC 7489 appendix C, with what is seen in the wild: no namespace, old words, white space in front.
OLD = b"""
<?xml version="1.0" encoding="ISO-8859-1" ?>
<feedback>
  <report_metadata>
    <org_name>Gr\xfc\xdfe</org_name><email>a@b.example</email><report_id>1</report_id>
    <date_range><begin> 1361304000.5 </begin><end>1361390399</end></date_range>
    <error>one</error><error>two</error>
  </report_metadata>
  <policy_published>
    <domain>example.com</domain><adkim>R</adkim><aspf>s</aspf><p>reject</p><sp>reject</sp><pct>50</pct>
  </policy_published>
  <record>
    <row>
      <source_ip>2001:db8::1</source_ip><count>2</count>
      <policy_evaluated>
        <disposition>none</disposition><dkim>fail</dkim><spf>fail</spf>
        <reason><type>forwarded</type><comment>list</comment></reason>
        <reason><type>sampled_out</type></reason>
      </policy_evaluated>
    </row>
    <identifiers><envelope_to>b.example</envelope_to><envelope_from/><header_from>example.com</header_from></identifiers>
    <auth_results>
      <dkim><domain>a.example</domain><result>hardfail</result><human_result>bad</human_result></dkim>
      <spf><domain>c.example</domain><scope>helo</scope><result>unknown</result></spf>
      <spf><domain>d.example</domain><result>weird</result></spf>
    </auth_results>
  </record>
</feedback>
"""
